"""`WorkerNode`: a worker's kubelet, joined by `kubeadm join` with a token that is minted for it and revoked after."""

from __future__ import annotations

import base64
import json
from collections.abc import Generator
from contextlib import contextmanager

from bareplane.specs import WorkerNodeSpec
from bareplane.specs.kubeconfig import discovery
from bareplane_provider.errors import BareplaneError
from bareplane_provider.facts import MachineFacts
from bareplane_provider.kinds.control_planes import answering, kubectl, run
from bareplane_provider.kinds.items import Item, Plan, command, file, key, plan, running
from bareplane_provider.kinds.nodes import NODE_CONF, START, UNIT, credentials, kubelet_items, start
from bareplane_provider.kinds.phase import Phase
from bareplane_provider.kinds.pki import CA
from bareplane_provider.kubeadm.config import join_file, token_file, worker_file
from bareplane_provider.kubeadm.tokens import new_token, secret_name
from bareplane_provider.paths import ADMIN_CONF, DISCOVERY_CONF, program
from bareplane_provider.plugin.kind import Context
from bareplane_provider.transport.session import Session

LIFETIME = "15m0s"
JOIN = "kubeadm join"


class WorkerNode(Phase[WorkerNodeSpec]):
    name = "WorkerNode"
    spec = WorkerNodeSpec
    slug = "node"
    immutable = Phase.immutable | {"node", "address", "engine", "caCertificate"}
    ignored = frozenset({"controlPlanes"})

    def items(self, spec: WorkerNodeSpec, machine: MachineFacts) -> list[Item]:
        server = f"https://{spec.cluster.endpoint}:{spec.cluster.port}"
        return [
            *kubelet_items(machine),
            file(CA, spec.ca_certificate, "0644"),
            file(DISCOVERY_CONF, discovery(server, spec.ca_certificate)),
            file(NODE_CONF, worker_file(spec.cluster, spec.node, spec.address, spec.engine), "0600"),
            # Before the join, which writes the same once more: settings that were changed need no token to be repaired.
            start(NODE_CONF),
            command(
                JOIN,
                [program("kubeadm"), "join", "--config", "/dev/stdin", "--skip-phases", "preflight"],
                produces=credentials(),
                replace=True,
            ),
            running(UNIT, key(program("kubelet")), f"command {START}", f"command {JOIN}"),
        ]

    @contextmanager
    def planned(
        self, spec: WorkerNodeSpec, machine: MachineFacts, session: Session, context: Context
    ) -> Generator[Plan]:
        items = self.items(spec, machine)
        request = {"operation": "plan", "entry": self.entry(spec), "owner": spec.owner, "items": items, "deadline": 60}
        if f"command {JOIN}" not in session.agent(request)["planned"]:
            yield plan(*items)
            return
        with answering(spec.control_planes, context) as control_plane:
            set_aside(spec.node, control_plane, session, context)
        with join_token(spec, context) as token:
            config = join_file(spec.cluster, spec.node, spec.address, token, spec.engine)
            yield plan(*(with_stdin(item, config) if item.get("name") == JOIN else item for item in items))


def set_aside(node: str, control_plane: Session, session: Session, context: Context) -> None:
    """Have a node that lost its identity count as not Ready: kubeadm refuses to join one that does.

    The control plane would find out by itself, 50 s after the kubelet has stopped.
    """
    path = "jsonpath={.status.conditions[?(@.type=='Ready')].status}"
    if kubectl(control_plane, "get", "node", node, "--ignore-not-found", "-o", path) != "True":
        return
    context.progress(f"stopping the kubelet of {node}, to join it again")
    # Where the machine's part was taken away already, there is no kubelet to stop.
    if session.run(["systemctl", "is-active", "--quiet", UNIT]).status == 0:
        run(session, ["systemctl", "stop", UNIT])
    condition = {"type": "Ready", "status": "Unknown", "reason": "Rejoining", "message": "bareplane joins it again"}
    patch = json.dumps({"status": {"conditions": [condition]}})
    kubectl(control_plane, "patch", "node", node, "--subresource=status", "--type=strategic", "--patch", patch)


def with_stdin(item: Item, text: str) -> Item:
    return {**item, "stdin": base64.b64encode(text.encode()).decode()}


@contextmanager
def join_token(spec: WorkerNodeSpec, context: Context) -> Generator[str]:
    """A token of the cluster that lives for minutes and is deleted when the block ends.

    Each node has one identifier for its tokens: what a run that was cut has left is deleted by the next.
    """
    token = new_token(f"{spec.owner}/{spec.node}")
    context.conceal(token)
    with answering(spec.control_planes, context) as control_plane:
        delete_token(token, control_plane)
        run(
            control_plane,
            [program("kubeadm"), "token", "create", "--kubeconfig", ADMIN_CONF, "--config", "/dev/stdin"],
            stdin=token_file(spec.cluster, spec.node, spec.address, token, LIFETIME),
        )
    try:
        yield token
    finally:
        try:
            with answering(spec.control_planes, context) as control_plane:
                delete_token(token, control_plane)
        except BareplaneError as error:
            # What went wrong in the block says more than this, and the token ends by itself.
            context.warning(f"the token that joined {spec.node} stays for {LIFETIME}: {error}")


def delete_token(token: str, control_plane: Session) -> None:
    kubectl(control_plane, "-n", "kube-system", "delete", "secret", secret_name(token), "--ignore-not-found")
