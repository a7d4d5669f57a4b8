"""`ControlPlaneKubelet`: the kubelet of a control plane, with an identity that the machine's own CA signs.

It does not wait for an API server: where the control plane consists of static pods, this is what starts it.
"""

from __future__ import annotations

from bareplane.specs import ControlPlaneKubeletSpec
from bareplane_provider.facts import MachineFacts
from bareplane_provider.kinds.items import Item, command, file, key, running
from bareplane_provider.kinds.nodes import ROTATED, START, UNIT, credentials, finalize_phase, kubelet_items, start
from bareplane_provider.kinds.phase import Phase
from bareplane_provider.kubeadm.config import init_file
from bareplane_provider.paths import OURS, program

KUBECONFIG = "kubeconfig kubelet"
CONFIG = f"{OURS}/kubeadm-kubelet.yaml"


class ControlPlaneKubelet(Phase[ControlPlaneKubeletSpec]):
    name = "ControlPlaneKubelet"
    spec = ControlPlaneKubeletSpec
    slug = "kubelet"
    immutable = Phase.immutable | {"node", "address", "engine"}

    def items(self, spec: ControlPlaneKubeletSpec, machine: MachineFacts) -> list[Item]:
        config = init_file(spec.cluster, spec.node, spec.address, schedulable=spec.schedulable, engine=spec.engine)
        return [
            *kubelet_items(machine),
            file(CONFIG, config, "0600"),
            command(
                KUBECONFIG,
                [program("kubeadm"), "init", "phase", "kubeconfig", "kubelet", "--config", CONFIG],
                produces=credentials(),
                replace=True,
            ),
            # A kubelet that has a certificate of its own already keeps it when its kubeconfig is made anew; a new one's
            # is the matter of `ControlPlaneNode`, which waits for it.
            command(
                "kubelet-finalize",
                ["sh", "-c", f'test -s {ROTATED} || exit 0; exec "$@"', "finalize", *finalize_phase(CONFIG)],
                rerun_on=[f"command {KUBECONFIG}"],
            ),
            start(CONFIG),
            running(UNIT, key(program("kubelet")), f"command {KUBECONFIG}", f"command {START}"),
        ]
