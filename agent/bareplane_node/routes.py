"""Keeps this node's CNI configuration, its masquerading, and its routes to the pods of all other nodes."""

from __future__ import annotations

import json
import os
import subprocess
from typing import Any, Dict, List

from bareplane_node import network
from bareplane_node.api import Api, log
from bareplane_node.forwarding import let_through

Object = Dict[str, Any]


def run(api: Api, config: Object) -> None:
    """For ever: one pass after each change of the nodes."""
    last: Dict[str, Any] = {}
    for nodes in api.snapshots("/api/v1/nodes"):
        cidr = network.own_cidr(nodes, config["node"])
        routes = network.wanted_routes(nodes, config["node"])
        # Nodes report their health every few seconds; only what concerns the network is worth a pass.
        wanted = {"cidr": cidr, "routes": routes}
        if wanted == last:
            continue
        failures = reconcile(config, cidr, routes)
        for failure in failures:
            log(f"network not as wanted yet: {failure}")
        last = {} if failures else wanted


def reconcile(config: Object, cidr: "str | None", routes: Dict[str, str]) -> List[str]:
    """What could not be done; one node that cannot be reached keeps no other from its pods."""
    failures = set_routes(config["protocol"], routes)
    if cidr is None:
        return failures
    try:
        set_masquerade(config["table"], cidr, config["podSubnet"])
        let_through(config["podSubnet"], call)
        leave_old_addresses(config["bridge"], cidr)
        # Last, because the kubelet calls the node ready, and pods start, once this file is there.
        write(config["network"], network.network_list(config["bridge"], cidr))
    except (OSError, subprocess.SubprocessError) as error:
        failures.append(describe(error))
    return failures


def set_routes(protocol: int, wanted: Dict[str, str]) -> List[str]:
    """Routes with our protocol number are ours; no other is looked at. Returns what failed."""
    own = ["proto", str(protocol)]
    failures: List[str] = []
    try:
        shown = json.loads(call(["ip", "-json", "-4", "route", "show", *own]) or "[]")
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        return [describe(error)]
    present = {one["dst"]: one.get("gateway", "") for one in shown}
    changes = [["del", cidr, *own] for cidr in present if cidr not in wanted]
    changes += [
        ["replace", cidr, "via", gateway, *own] for cidr, gateway in wanted.items() if present.get(cidr) != gateway
    ]
    for change in changes:
        try:
            call(["ip", "-4", "route", *change])
            log(f"route {' '.join(change)}")
        except (OSError, subprocess.SubprocessError) as error:
            failures.append(describe(error))
    return failures


def set_masquerade(table: str, cidr: str, pod_subnet: str) -> None:
    """Our own table, replaced as a whole in one transaction."""
    script = f"table ip {table}\ndelete table ip {table}\n{network.masquerade(table, cidr, pod_subnet)}"
    call(["nft", "-f", "-"], script)


def leave_old_addresses(bridge: str, cidr: str) -> None:
    """A node deleted and registered again has another CIDR; the bridge plugin refuses a bridge that has the old one."""
    if not os.path.exists(f"/sys/class/net/{bridge}"):
        return
    for address in network.outside(json.loads(call(["ip", "-json", "-4", "address", "show", "dev", bridge])), cidr):
        call(["ip", "-4", "address", "del", address, "dev", bridge])
        log(f"{bridge} no longer has {address}")


def write(path: str, text: str) -> None:
    if os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            if file.read() == text:
                return
    temporary = f"{path}.new"
    with open(temporary, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)
    log(f"{path} written")


def call(argv: List[str], stdin: str = "") -> str:
    return subprocess.run(argv, input=stdin, check=True, capture_output=True, text=True, timeout=30).stdout


def describe(error: Exception) -> str:
    if isinstance(error, subprocess.CalledProcessError):
        return f"{' '.join(error.cmd)}: {error.stderr.strip()}"
    return str(error)
