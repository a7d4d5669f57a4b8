"""`WorkerNode`: a worker's kubelet, joined by `kubeadm join` with a token that is minted for it and revoked after."""

from __future__ import annotations

import base64
from collections.abc import Generator
from contextlib import contextmanager

from bareplane.specs import WorkerNodeSpec
from bareplane.specs.kubeconfig import discovery
from bareplane_provider.errors import BareplaneError
from bareplane_provider.facts import MachineFacts
from bareplane_provider.kinds.control_planes import answering, run
from bareplane_provider.kinds.items import Item, Plan, command, file, key, plan, produced, running
from bareplane_provider.kinds.nodes import KUBELET, PATCH, UNIT, kubelet_items
from bareplane_provider.kinds.phase import Phase
from bareplane_provider.kinds.pki import CA
from bareplane_provider.kubeadm.config import join_file
from bareplane_provider.paths import ADMIN_CONF, DISCOVERY_CONF, KUBELET_CONF, program
from bareplane_provider.plugin.kind import Context
from bareplane_provider.transport.session import Session

LIFETIME = "15m"
JOIN = "kubeadm join"


class WorkerNode(Phase[WorkerNodeSpec]):
    name = "WorkerNode"
    spec = WorkerNodeSpec
    slug = "node"
    immutable = Phase.immutable | {"node", "address", "caCertificate"}
    ignored = frozenset({"controlPlanes"})

    def items(self, spec: WorkerNodeSpec, machine: MachineFacts) -> list[Item]:
        server = f"https://{spec.cluster.endpoint}:{spec.cluster.port}"
        return [
            *kubelet_items(machine),
            file(CA, spec.ca_certificate, "0644"),
            file(DISCOVERY_CONF, discovery(server, spec.ca_certificate)),
            command(
                JOIN,
                [program("kubeadm"), "join", "--config", "/dev/stdin", "--skip-phases", "preflight"],
                produces=[
                    produced(KUBELET_CONF),
                    produced(f"{KUBELET}/config.yaml"),
                    produced(f"{KUBELET}/kubeadm-flags.env"),
                ],
            ),
            running(UNIT, key(program("kubelet")), key(PATCH)),
        ]

    @contextmanager
    def planned(
        self, spec: WorkerNodeSpec, machine: MachineFacts, session: Session, context: Context
    ) -> Generator[Plan]:
        items = self.items(spec, machine)
        if session.run(["test", "-s", KUBELET_CONF, "-a", "-s", f"{KUBELET}/config.yaml"]).status == 0:
            yield plan(*items)
            return
        with join_token(spec, context) as token:
            config = join_file(spec.cluster, spec.node, spec.address, token)
            yield plan(*(with_stdin(item, config) if item.get("name") == JOIN else item for item in items))


def with_stdin(item: Item, text: str) -> Item:
    return {**item, "stdin": base64.b64encode(text.encode()).decode()}


@contextmanager
def join_token(spec: WorkerNodeSpec, context: Context) -> Generator[str]:
    """A token of the cluster that lives for minutes and is deleted when the block ends."""
    with answering(spec.control_planes, context) as control_plane:
        kubeadm = [program("kubeadm"), "token", "--kubeconfig", ADMIN_CONF]
        token = run(
            control_plane, [*kubeadm, "create", "--ttl", LIFETIME, "--description", f"joins {spec.node}"]
        ).strip()
        context.conceal(token)
        context.conceal(token.partition(".")[2])
        try:
            yield token
        finally:
            try:
                run(control_plane, [*kubeadm, "delete", token.partition(".")[0]])
            except BareplaneError as error:
                # What went wrong in the block says more than this, and the token ends by itself.
                context.warning(f"the token that joined {spec.node} stays for {LIFETIME}: {error}")
