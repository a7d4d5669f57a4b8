"""What the routes daemon wants on its node, from the nodes of the API: pure."""

from __future__ import annotations

import ipaddress
import json
from typing import Any, Dict, Iterable, List, Mapping, Optional

Object = Dict[str, Any]


def pod_cidr(node: Mapping[str, Any]) -> Optional[str]:
    """The node's IPv4 pod CIDR, once the controller manager has given it one."""
    spec: Object = node.get("spec") or {}
    try:
        return str(ipaddress.IPv4Network(spec.get("podCIDR") or ""))
    except ValueError:
        return None


def internal_address(node: Mapping[str, Any]) -> Optional[str]:
    """The IPv4 address by which other nodes reach this one. A node says it of itself: nonsense counts as nothing."""
    for one in addresses(node):
        if one["type"] == "InternalIP":
            try:
                return str(ipaddress.IPv4Address(one["address"]))
            except ValueError:
                continue
    return None


def addresses(node: Mapping[str, Any]) -> List[Object]:
    """What the node says of itself: `[{"type": "InternalIP" | "Hostname" | …, "address": …}]`."""
    status: Object = node.get("status") or {}
    return status.get("addresses") or []


def own_cidr(nodes: Iterable[Mapping[str, Any]], name: str) -> Optional[str]:
    return next((pod_cidr(node) for node in nodes if node["metadata"]["name"] == name), None)


def wanted_routes(nodes: Iterable[Mapping[str, Any]], name: str) -> Dict[str, str]:
    """Pod CIDR to next hop, for every node but this one."""
    routes: Dict[str, str] = {}
    for node in nodes:
        cidr, address = pod_cidr(node), internal_address(node)
        if node["metadata"]["name"] != name and cidr and address:
            routes[cidr] = address
    return routes


def outside(links: Iterable[Mapping[str, Any]], cidr: str) -> List[str]:
    """Of what `ip -json address` shows, the addresses (with their prefix length) that are not in the CIDR."""
    pods = ipaddress.IPv4Network(cidr)
    shown = [one for link in links for one in link.get("addr_info", [])]
    return [f"{one['local']}/{one['prefixlen']}" for one in shown if ipaddress.IPv4Address(one["local"]) not in pods]


def network_list(bridge: str, cidr: str) -> str:
    """CNI's network configuration list for this node: a bridge whose addresses come from the node's CIDR."""
    plugins = [
        {
            "type": "bridge",
            "bridge": bridge,
            "isGateway": True,
            # Masquerading is done once for the node, not by a rule for each pod.
            "ipMasq": False,
            "hairpinMode": True,
            "ipam": {
                "type": "host-local",
                "ranges": [[{"subnet": cidr}]],
                "routes": [{"dst": "0.0.0.0/0"}],
            },
        },
        {"type": "portmap", "capabilities": {"portMappings": True}},
    ]
    return json.dumps({"cniVersion": "1.0.0", "name": "bareplane", "plugins": plugins}, indent=2) + "\n"


def masquerade(table: str, cidr: str, pod_subnet: str) -> str:
    """An nftables script: pods of this node leave the pod network with the node's address."""
    return f"""table ip {table} {{
    chain postrouting {{
        type nat hook postrouting priority srcnat; policy accept;
        ip saddr {cidr} ip daddr != {pod_subnet} ip daddr != 224.0.0.0/4 masquerade
    }}
}}
"""
