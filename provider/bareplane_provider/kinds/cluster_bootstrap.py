"""`ClusterBootstrap`: what a cluster needs once: kubeadm's config maps, bootstrap RBAC and CoreDNS; and our roles."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from bareplane.specs import ClusterBootstrapSpec
from bareplane_provider.kinds.api_kind import ApiKind, Facts
from bareplane_provider.kinds.cluster_objects import MADE_ANEW, observed
from bareplane_provider.kinds.control_planes import answering, kubectl, run
from bareplane_provider.kinds.differences import covers, join
from bareplane_provider.kinds.manifest import APPLY
from bareplane_provider.kinds.roles import objects
from bareplane_provider.kubeadm.config import token_file
from bareplane_provider.kubeadm.tokens import new_token, public_half
from bareplane_provider.kubeadm.yaml_text import yaml_text
from bareplane_provider.paths import KUBEADM_CONF, KUBECTL, program
from bareplane_provider.plugin.kind import Context, Inputs, Outputs, State
from bareplane_provider.transport.session import Session
from bareplane_templates import source


class ClusterBootstrap(ApiKind[ClusterBootstrapSpec]):
    name = "ClusterBootstrap"
    spec = ClusterBootstrapSpec
    start_seconds: ClassVar[float] = 240.0
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
        return observed(session)

    def update(self, id: str, old: State, new: Inputs, context: Context) -> Outputs:
        drifted = [change.path for change in self.drift(old, new)]
        anew = [one for one in MADE_ANEW if any(covers(join("facts", one), path) for path in drifted)]
        spec = self.parse(new)
        with answering(spec.control_planes, context) as session:
            self.bring(spec, session, context, anew)
            return self.as_made(spec, session)

    def apply(self, spec: ClusterBootstrapSpec, session: Session, context: Context) -> None:
        self.bring(spec, session, context, ())

    def bring(self, spec: ClusterBootstrapSpec, session: Session, context: Context, anew: Iterable[str]) -> None:
        """`anew`: objects that kubeadm has to make once more, though they are there."""
        words = " ".join(one.replace(" ", "/") for one in anew)
        token = new_token(f"bootstrap/{spec.cluster.name}")
        context.conceal(token)
        context.progress("kubeadm: its configuration, rules for bootstrap tokens and CoreDNS into the cluster")
        script = ["sh", "-c", source("bootstrap.sh"), "bootstrap"]
        # One process on the machine makes and removes what could be misused later, whatever becomes of the connection.
        run(
            session,
            [*script, program("kubeadm"), KUBEADM_CONF, public_half(token), words, *KUBECTL],
            stdin=token_file(spec.cluster, spec.node, spec.address, token, "5m0s"),
            timeout=context.seconds(600),
        )
        kubectl(session, *APPLY, stdin=yaml_text(*objects()))
        kubectl(session, "-n", "kube-system", "scale", "deployment/coredns", f"--replicas={spec.dns_replicas}")

    def remove(self, spec: ClusterBootstrapSpec, session: Session, context: Context) -> None:
        """Everything this made is in etcd, which goes with its members."""

    def delete(self, id: str, state: object, context: Context) -> None:
        """No control plane needs to answer for that."""
