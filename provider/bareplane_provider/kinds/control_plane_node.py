"""`ControlPlaneNode`: the kubelet of a control plane, joined through the API server on the same machine."""

from __future__ import annotations

from bareplane.specs import ControlPlaneNodeSpec
from bareplane_provider.facts import MachineFacts
from bareplane_provider.kinds.items import Item, command, file, key, running
from bareplane_provider.kinds.nodes import NODE_CONF, ROTATED, START, UNIT, credentials, kubelet_items, start
from bareplane_provider.kinds.phase import Phase
from bareplane_provider.kubeadm.config import init_file
from bareplane_provider.paths import KUBECTL, KUBELET_CONF, program

KUBECONFIG = "kubeconfig kubelet"


class ControlPlaneNode(Phase[ControlPlaneNodeSpec]):
    name = "ControlPlaneNode"
    spec = ControlPlaneNodeSpec
    slug = "node"
    immutable = Phase.immutable | {"node", "address"}

    def items(self, spec: ControlPlaneNodeSpec, machine: MachineFacts) -> list[Item]:
        kubeadm = program("kubeadm")
        config = init_file(spec.cluster, spec.node, spec.address, schedulable=spec.schedulable)
        # kubelet-finalize finds nothing to do before the kubelet has a certificate of its own.
        has_certificate = f'test -s {ROTATED} && exec "$@"'
        in_api = [*KUBECTL, "get", "node", spec.node, "--request-timeout", "5s"]
        registered = ["sh", "-c", has_certificate, "registered", *in_api]
        return [
            *kubelet_items(machine),
            file(NODE_CONF, config, "0600"),
            command(
                KUBECONFIG,
                [kubeadm, "init", "phase", "kubeconfig", "kubelet", "--config", NODE_CONF],
                produces=credentials(),
                replace=True,
            ),
            start(),
            running(
                UNIT,
                key(program("kubelet")),
                f"command {KUBECONFIG}",
                f"command {START}",
                ready=registered,
                timeout=300,
            ),
            command(
                "kubelet-finalize",
                [kubeadm, "init", "phase", "kubelet-finalize", "all", "--config", NODE_CONF],
                unless=["grep", "-q", ROTATED, KUBELET_CONF],
            ),
            command(
                "mark-control-plane",
                [kubeadm, "init", "phase", "mark-control-plane", "--config", NODE_CONF],
                # Later changes by hand are seen and repaired by the node's membership.
                rerun_on=[key(NODE_CONF)],
            ),
        ]
