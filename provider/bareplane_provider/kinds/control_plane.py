"""`ControlPlane`: API server, controller manager and scheduler with kubeadm's own flags, as services or static pods."""

from __future__ import annotations

import hashlib
import posixpath
from collections.abc import Mapping, Sequence
from typing import ClassVar

from bareplane.specs import ControlPlaneSpec, Form
from bareplane_provider.facts import MachineFacts
from bareplane_provider.kinds.credentials import with_credentials
from bareplane_provider.kinds.etcd_member import UNIT as ETCD_UNIT
from bareplane_provider.kinds.items import (
    Item,
    Plan,
    command,
    directory,
    file,
    key,
    plan,
    running,
    secret_file,
    symlink,
    unit,
)
from bareplane_provider.kinds.phase import Phase
from bareplane_provider.kinds.pki import LEAVES
from bareplane_provider.kinds.static_pods import OTHER_FORM, START_SECONDS, STARTED, kubeadm_pods, static_pods
from bareplane_provider.kubeadm.config import init_file
from bareplane_provider.kubeadm.manifests import COMPONENTS, ETCD, Pod, flags, marked
from bareplane_provider.kubeadm.policy import audit_policy, encryption_configuration
from bareplane_provider.paths import (
    AUDIT_LOGS,
    AUDIT_POLICY,
    ENCRYPTION_CONFIG,
    KUBEADM_CONF,
    KUBECTL,
    LIB,
    PKI,
    SEARCH_PATH,
    program,
)
from bareplane_provider.plugin.kind import Context
from bareplane_provider.transport.session import Session
from bareplane_templates import render

API_SERVER = COMPONENTS[0]
DESCRIPTIONS = {
    "kube-apiserver": "Kubernetes API server",
    "kube-controller-manager": "Kubernetes controller manager",
    "kube-scheduler": "Kubernetes scheduler",
}
# The API server waits a minute for watches of clients that are gone already; everything it has is in etcd.
API_SERVER_SETTINGS = {"LogsDirectory": posixpath.basename(AUDIT_LOGS), "TimeoutStopSec": "10"}
READY = (*KUBECTL, "get", "--raw", "/readyz")
SERVES = 'systemctl is-active --quiet kubelet.service || exit 0; until "$@" >/dev/null 2>&1; do sleep 0.25; done'
RENEW = f"{LIB}/renew-certificates.sh"
RENEW_BEFORE_DAYS = 90


class ControlPlane(Phase[ControlPlaneSpec]):
    name = "ControlPlane"
    spec = ControlPlaneSpec
    slug = "control-plane"
    immutable = Phase.immutable | {"node", "address"}
    refused: ClassVar[Mapping[str, str]] = {"form": OTHER_FORM}

    def items(self, spec: ControlPlaneSpec, machine: MachineFacts) -> list[Item]:
        script = render(
            "renew.sh.j2",
            days=RENEW_BEFORE_DAYS,
            certificates=[f"{PKI}/{stem}.crt" for _, stem, _ in LEAVES],
            kubeadm=program("kubeadm"),
            config=KUBEADM_CONF,
            programs=[ETCD, *COMPONENTS],
            pods=spec.form == "static-pods",
        )
        return [
            secret_file(ENCRYPTION_CONFIG, encryption_configuration(spec.encryption_keys)),
            file(AUDIT_POLICY, audit_policy(), "0600"),
            *audit_logs(spec.form),
            directory(LIB),
            file(RENEW, script, "0755"),
            unit("bareplane-renew.service", render("renew.service.j2", script=RENEW, search_path=SEARCH_PATH)),
            unit("bareplane-renew.timer", render("renew.timer.j2")),
            running("bareplane-renew.timer"),
        ]

    def plan(self, spec: ControlPlaneSpec, machine: MachineFacts, session: Session, context: Context) -> Plan:
        config = init_file(spec.cluster, spec.node, spec.address)
        pods = kubeadm_pods(session, ["control-plane", "all"], config, COMPONENTS)
        components = as_pods(spec, pods) if spec.form == "static-pods" else as_services(pods)
        return plan(*self.items(spec, machine), *components)

    def fingerprint(self, spec: ControlPlaneSpec, machine: MachineFacts) -> str:
        rendered = service(API_SERVER, [f"version={spec.cluster.version}"])
        return hashlib.sha256(f"{super().fingerprint(spec, machine)}{rendered}".encode()).hexdigest()[:16]


def audit_logs(form: Form) -> list[Item]:
    """The directory of the audit log; systemd keeps that of a service with a dynamic user elsewhere."""
    if form == "static-pods":
        return [directory(AUDIT_LOGS, "0700", tree=True)]
    folder, name = posixpath.split(AUDIT_LOGS)
    return [
        directory(f"{folder}/private", "0700"),
        directory(f"{folder}/private/{name}", tree=True, owned=False),
        symlink(AUDIT_LOGS, f"private/{name}"),
    ]


def as_services(pods: Mapping[str, Pod]) -> list[Item]:
    # The agent waits for the API server before it goes on to the others' files: started earlier, they would miss
    # it and come back for their lease five seconds later.
    others = COMPONENTS[1:]
    return [
        unit(f"{API_SERVER}.service", service(API_SERVER, flags(pods[API_SERVER]))),
        running(f"{API_SERVER}.service", *watched(API_SERVER), ready=READY, timeout=240),
        *(unit(f"{name}.service", service(name, flags(pods[name]))) for name in others),
        *(running(f"{name}.service", *watched(name)) for name in others),
    ]


def as_pods(spec: ControlPlaneSpec, pods: Mapping[str, Pod]) -> list[Item]:
    reads = [encryption_configuration(spec.encryption_keys), audit_policy()]
    manifests = {name: marked(pods[name], reads if name == API_SERVER else ()) for name in COMPONENTS}
    served = command(
        "the API server serves",
        ["sh", "-c", SERVES, "serves", *READY],
        rerun_on=[f"command {STARTED}"],
        timeout=START_SECONDS,
    )
    return [*static_pods(manifests), served]


def service(name: str, arguments: Sequence[str]) -> str:
    """The unit of one component."""
    given = with_credentials(f"{name}.service", arguments)
    return render(
        "component.service.j2",
        description=DESCRIPTIONS[name],
        after=["network-online.target", ETCD_UNIT] if name == API_SERVER else [f"{API_SERVER}.service"],
        credentials=given.credentials,
        settings=API_SERVER_SETTINGS if name == API_SERVER else {},
        program=program(name),
        arguments=given.arguments,
    )


def watched(name: str) -> list[str]:
    """Items whose change asks for a restart: the program, and what it reads once."""
    own = [key(ENCRYPTION_CONFIG), key(AUDIT_POLICY)] if name == API_SERVER else []
    return [key(program(name)), *own]
