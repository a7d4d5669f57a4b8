"""`PodNetwork`: the `routes` network. Pods of a node hang on a bridge with the node's pod CIDR; a daemon keeps a route
to every other node's CIDR, from the API, with an identity that may read nodes and nothing else."""

from __future__ import annotations

from bareplane.specs import PodNetworkSpec
from bareplane_provider.facts import MachineFacts
from bareplane_provider.kinds.daemon import daemon
from bareplane_provider.kinds.items import Item, residue
from bareplane_provider.kinds.phase import Phase
from bareplane_provider.paths import CNI_CONF_DIR

BRIDGE = "cni0"
ROUTE_PROTOCOL = 177
"""Marks the routes that are ours (rtnetlink's protocol field; 128 to 255 are for anyone)."""
TABLE = "bareplane"


class PodNetwork(Phase[PodNetworkSpec]):
    name = "PodNetwork"
    spec = PodNetworkSpec
    slug = "pod-network"

    def items(self, spec: PodNetworkSpec, machine: MachineFacts) -> list[Item]:
        cluster = spec.cluster
        return [
            residue(f"links {BRIDGE}"),
            residue(f"routes {ROUTE_PROTOCOL}"),
            residue(f"nft ip {TABLE}"),
            # Ours where the machine drops what it forwards, and the portmap plugin's for pods with a host port.
            residue("iptables BAREPLANE-"),
            residue("iptables CNI-"),
            *daemon(
                "routes",
                "Routes to the pods of other nodes",
                {"ca": spec.ca_certificate, "certificate": spec.certificate, "key": spec.key},
                {
                    "server": f"https://{cluster.endpoint}:{cluster.port}",
                    "node": spec.node,
                    "podSubnet": cluster.pod_subnet,
                    "bridge": BRIDGE,
                    "protocol": ROUTE_PROTOCOL,
                    "table": TABLE,
                    "network": f"{CNI_CONF_DIR}/10-bareplane.conflist",
                },
            ),
        ]
