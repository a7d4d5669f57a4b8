"""`ControlPlaneNode`: a control plane's node, registered by its kubelet through the API server on the same machine."""

from __future__ import annotations

from bareplane.specs import ControlPlaneNodeSpec
from bareplane_provider.facts import MachineFacts
from bareplane_provider.kinds.items import Item, command, directory, file, key
from bareplane_provider.kinds.nodes import NODE_CONF, ROTATED, finalize_phase
from bareplane_provider.kinds.phase import Phase
from bareplane_provider.kubeadm.config import init_file
from bareplane_provider.paths import KUBECTL, KUBELET_CONF, OURS, program

REGISTERED = f'test -s {ROTATED} && "$@" >/dev/null'
"""With a certificate of its own, which kubelet-finalize needs; `$@` asks for the node in the API."""
REGISTER_SECONDS = 300


class ControlPlaneNode(Phase[ControlPlaneNodeSpec]):
    name = "ControlPlaneNode"
    spec = ControlPlaneNodeSpec
    slug = "node"
    immutable = Phase.immutable | {"node", "address", "engine"}

    def items(self, spec: ControlPlaneNodeSpec, machine: MachineFacts) -> list[Item]:
        config = init_file(spec.cluster, spec.node, spec.address, schedulable=spec.schedulable, engine=spec.engine)
        in_api = [*KUBECTL, "get", "node", spec.node, "--request-timeout", "5s"]
        return [
            directory(OURS, "0700"),
            file(NODE_CONF, config, "0600"),
            command(
                "registered",
                ["sh", "-c", f"until {REGISTERED} 2>&1; do sleep 0.25; done", "registered", *in_api],
                unless=["sh", "-c", REGISTERED, "registered", *in_api],
                timeout=REGISTER_SECONDS,
            ),
            command("kubelet-finalize", finalize_phase(NODE_CONF), unless=["grep", "-q", ROTATED, KUBELET_CONF]),
            command(
                "mark-control-plane",
                [program("kubeadm"), "init", "phase", "mark-control-plane", "--config", NODE_CONF],
                # Later changes by hand are seen and repaired by the node's membership.
                rerun_on=[key(NODE_CONF)],
            ),
        ]
