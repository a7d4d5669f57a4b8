"""`ClusterBootstrap`: what a cluster needs once: kubeadm's config maps, bootstrap RBAC and CoreDNS; and our roles."""

from __future__ import annotations

import secrets
import string

import yaml

from bareplane.specs import ClusterBootstrapSpec
from bareplane_provider.kinds.api_kind import ApiKind, Facts
from bareplane_provider.kinds.control_planes import kubectl, run
from bareplane_provider.kinds.roles import objects
from bareplane_provider.kubeadm.config import init_file
from bareplane_provider.kubeadm.yaml_text import yaml_text
from bareplane_provider.paths import KUBEADM_CONF, SUPER_ADMIN_CONF, program
from bareplane_provider.plugin.kind import Context
from bareplane_provider.transport.session import Session

ALPHABET = string.ascii_lowercase + string.digits
OBJECTS = (
    ("configmap", "kube-system", "kubeadm-config"),
    ("configmap", "kube-system", "kubelet-config"),
    ("configmap", "kube-public", "cluster-info"),
    ("deployment", "kube-system", "coredns"),
    ("service", "kube-system", "kube-dns"),
)


class ClusterBootstrap(ApiKind[ClusterBootstrapSpec]):
    name = "ClusterBootstrap"
    spec = ClusterBootstrapSpec
    refused = dict.fromkeys(
        (
            "cluster.name",
            "cluster.endpoint",
            "cluster.port",
            "cluster.podSubnet",
            "cluster.serviceSubnet",
            "cluster.dnsDomain",
            "cluster.nodeMask",
        ),
        "it is in every node and object of the running cluster; put it back, or make a new cluster",
    )

    def identity(self, name: str, spec: ClusterBootstrapSpec) -> str:
        return f"cluster/{spec.cluster.name}"

    def observe(self, spec: ClusterBootstrapSpec, session: Session) -> Facts:
        template = "{range .items[*]}{.kind}/{.metadata.name}{'\\n'}{end}".replace("'", '"')
        found: set[str] = set()
        for namespace in sorted({one[1] for one in OBJECTS}):
            kinds = ",".join(sorted({one[0] for one in OBJECTS if one[1] == namespace}))
            listed = kubectl(session, "get", kinds, "-n", namespace, "-o", f"jsonpath={template}")
            found |= {f"{namespace}/{line}".lower() for line in listed.split()}
        return {
            f"{kind} {namespace}/{name}": {"present": "yes" if f"{namespace}/{kind}/{name}" in found else "no"}
            for kind, namespace, name in OBJECTS
        }

    def apply(self, spec: ClusterBootstrapSpec, session: Session, context: Context) -> None:
        kubeadm = program("kubeadm")
        init = [kubeadm, "init", "phase"]
        # Only this user may bind the admins' group to its role; the file does not outlive the block.
        run(session, [*init, "kubeconfig", "super-admin", "--config", KUBEADM_CONF])
        try:
            context.progress("kubeadm: configuration and bootstrap tokens' rules into the cluster")
            run(session, [*init, "upload-config", "all", "--config", KUBEADM_CONF], timeout=300)
            self.token_rules(spec, session, context)
            context.progress("kubeadm: CoreDNS")
            run(session, [*init, "addon", "coredns", "--config", KUBEADM_CONF], timeout=300)
        finally:
            run(session, ["rm", "-f", SUPER_ADMIN_CONF])
        apply_objects = ["apply", "--server-side", "--force-conflicts", "--field-manager=bareplane", "-f", "-"]
        kubectl(session, *apply_objects, stdin=yaml_text(*objects()))
        kubectl(session, "-n", "kube-system", "scale", "deployment/coredns", f"--replicas={spec.dns_replicas}")

    def token_rules(self, spec: ClusterBootstrapSpec, session: Session, context: Context) -> None:
        """kubeadm's phase that lets bootstrap tokens join nodes; the token it insists on making is deleted at once."""
        identifier, secret = ("".join(secrets.choice(ALPHABET) for _ in range(length)) for length in (6, 16))
        context.conceal(secret)
        first, *others = yaml.safe_load_all(init_file(spec.cluster, spec.node, spec.address))
        first["bootstrapTokens"] = [
            {"token": f"{identifier}.{secret}", "ttl": "5m0s", "usages": ["signing", "authentication"]}
        ]
        argv = [program("kubeadm"), "init", "phase", "bootstrap-token", "--config", "/dev/stdin", "--skip-token-print"]
        run(session, argv, stdin=yaml_text(first, *others), timeout=300)
        kubectl(session, "-n", "kube-system", "delete", "secret", f"bootstrap-token-{identifier}", "--ignore-not-found")

    def remove(self, spec: ClusterBootstrapSpec, session: Session, context: Context) -> None:
        """Everything this made is in etcd, which goes with its members."""

    def delete(self, id: str, state: object, context: Context) -> None:
        """No control plane needs to answer for that."""
