"""`ControlPlane`: API server, controller manager and scheduler as systemd services, with kubeadm's own flags."""

from __future__ import annotations

import hashlib

from bareplane.specs import ControlPlaneSpec
from bareplane_provider.errors import BareplaneError
from bareplane_provider.facts import MachineFacts
from bareplane_provider.kinds.credentials import with_credentials
from bareplane_provider.kinds.etcd_member import UNIT as ETCD_UNIT
from bareplane_provider.kinds.items import Item, Plan, directory, file, key, plan, running, secret_file, unit
from bareplane_provider.kinds.phase import Phase
from bareplane_provider.kinds.pki import LEAVES
from bareplane_provider.kubeadm.config import init_file
from bareplane_provider.kubeadm.manifests import COMPONENTS, command_lines
from bareplane_provider.kubeadm.policy import audit_policy, encryption_configuration
from bareplane_provider.paths import (
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
from bareplane_templates import render, source

DESCRIPTIONS = {
    "kube-apiserver": "Kubernetes API server",
    "kube-controller-manager": "Kubernetes controller manager",
    "kube-scheduler": "Kubernetes scheduler",
}
# The API server waits a minute for watches of clients that are gone already; everything it has is in etcd.
API_SERVER_SETTINGS = {"LogsDirectory": "kubernetes", "TimeoutStopSec": "10"}
RENEW = f"{LIB}/renew-certificates.sh"
RENEW_BEFORE_DAYS = 90


class ControlPlane(Phase[ControlPlaneSpec]):
    name = "ControlPlane"
    spec = ControlPlaneSpec
    slug = "control-plane"
    immutable = Phase.immutable | {"node", "address"}

    def items(self, spec: ControlPlaneSpec, machine: MachineFacts) -> list[Item]:
        script = render(
            "renew.sh.j2",
            days=RENEW_BEFORE_DAYS,
            certificates=[f"{PKI}/{stem}.crt" for _, stem, _ in LEAVES],
            kubeadm=program("kubeadm"),
            config=KUBEADM_CONF,
            units=[ETCD_UNIT, *(f"{name}.service" for name in COMPONENTS)],
        )
        return [
            secret_file(ENCRYPTION_CONFIG, encryption_configuration(spec.encryption_keys)),
            file(AUDIT_POLICY, audit_policy(), "0600"),
            directory(LIB),
            file(RENEW, script, "0755"),
            unit("bareplane-renew.service", render("renew.service.j2", script=RENEW, search_path=SEARCH_PATH)),
            unit("bareplane-renew.timer", render("renew.timer.j2")),
            running("bareplane-renew.timer"),
        ]

    def plan(self, spec: ControlPlaneSpec, machine: MachineFacts, session: Session, context: Context) -> Plan:
        flags = kubeadm_flags(spec, session)
        api, *others = COMPONENTS
        # The agent waits for the API server before it goes on to the others' files: started earlier, they would miss
        # it and come back for their lease five seconds later.
        items = [
            *self.items(spec, machine),
            *component(api, flags[api], ready=[*KUBECTL, "get", "--raw", "/readyz"]),
            *(unit(f"{name}.service", service(name, flags[name])) for name in others),
            *(running(f"{name}.service", *watched(name)) for name in others),
        ]
        return plan(*items)

    def fingerprint(self, spec: ControlPlaneSpec, machine: MachineFacts) -> str:
        rendered = service("kube-apiserver", [f"version={spec.cluster.version}"])
        return hashlib.sha256(f"{super().fingerprint(spec, machine)}{rendered}".encode()).hexdigest()[:16]


def component(name: str, flags: list[str], ready: list[str]) -> list[Item]:
    return [
        unit(f"{name}.service", service(name, flags)),
        running(f"{name}.service", *watched(name), ready=ready, timeout=240),
    ]


def kubeadm_flags(spec: ControlPlaneSpec, session: Session) -> dict[str, list[str]]:
    """Each component's flags, as kubeadm on the machine writes them. BareplaneError with its words when it fails."""
    done = session.run(
        ["sh", "-c", source("manifests.sh"), "manifests", program("kubeadm")],
        stdin=init_file(spec.cluster, spec.node, spec.address).encode(),
        timeout=120,
    )
    if done.status != 0:
        words = done.stderr.decode(errors="replace")
        raise BareplaneError(f"{session.name}: asking kubeadm for the control plane's flags failed: {words}")
    return command_lines(done.stdout.decode())


def service(name: str, flags: list[str]) -> str:
    """The unit of one component."""
    given = with_credentials(f"{name}.service", flags)
    return render(
        "component.service.j2",
        description=DESCRIPTIONS[name],
        after=["network-online.target", ETCD_UNIT] if name == "kube-apiserver" else ["kube-apiserver.service"],
        credentials=given.credentials,
        settings=API_SERVER_SETTINGS if name == "kube-apiserver" else {},
        program=program(name),
        arguments=given.arguments,
    )


def watched(name: str) -> list[str]:
    """Items whose change asks for a restart: the program, and what it reads once."""
    own = [key(ENCRYPTION_CONFIG), key(AUDIT_POLICY)] if name == "kube-apiserver" else []
    return [key(program(name)), *own]
