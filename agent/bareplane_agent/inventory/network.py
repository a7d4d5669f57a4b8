"""Links, addresses, routes, rules, network namespaces, packet filters and listening sockets."""

from __future__ import annotations

import json
import os
import re
import time
from typing import Any, cast

from ..files import read_text
from ..host import Host
from ..residues.netns import FOLDER

LINK_FACTS = ("link_type", "mtu", "operstate", "master", "address")
# Changes by itself: how long an address or a route learned from elsewhere is still good.
EPHEMERAL = re.compile(r" (expires \S+|age \S+|cache)")
ADDRESS_CHECK = 10.0
"""Seconds that an address may take to be found unique."""
CHAIN_COUNTERS = re.compile(r" \[\d+:\d+\]")


def links(host: Host) -> dict[str, str]:
    """By name: kind, state, master and addresses."""
    if host.find("ip") is None:
        return {}
    shown = host.run(["ip", "-j", "-d", "address", "show"]).out
    found: dict[str, str] = {}
    for link in cast("list[dict[str, Any]]", json.loads(shown or "[]")):
        if "ifname" not in link:
            continue
        kind = link.get("linkinfo", {}).get("info_kind", "")
        facts = [f"{name}={link[name]}" for name in LINK_FACTS if name in link]
        flags = ",".join(sorted(set(link.get("flags", [])) & {"UP", "PROMISC", "MULTICAST"}))
        addresses = sorted(f"{one['local']}/{one['prefixlen']}" for one in link.get("addr_info", []) if "local" in one)
        found[link["ifname"]] = " ".join([f"kind={kind}", *facts, f"flags={flags}", *addresses])
    return dict(sorted(found.items()))


def routes(host: Host) -> list[str]:
    """Routes of every table, and the rules that choose a table."""
    _wait_for_addresses(host)
    found: list[str] = []
    for family in ("-4", "-6"):
        for what in (("route", "show", "table", "all"), ("rule", "show")):
            done = host.run(["ip", family, *what])
            found += [f"{family} {what[0]} {EPHEMERAL.sub('', line).strip()}" for line in done.out.splitlines()]
    return sorted(found)


def _wait_for_addresses(host: Host) -> None:
    """An IPv6 address has no route yet while it is looked for elsewhere, 1 to 2 s after its link came up."""
    deadline = time.monotonic() + ADDRESS_CHECK
    while time.monotonic() < deadline:
        shown = cast(
            "list[dict[str, Any]]", json.loads(host.run(["ip", "-6", "-j", "address", "show", "tentative"]).out or "[]")
        )
        if not any(link.get("operstate") == "UP" and link.get("addr_info") for link in shown):
            return
        time.sleep(0.1)


def netns(host: Host) -> list[str]:
    folder = host.path(FOLDER)
    return sorted(os.listdir(folder)) if os.path.isdir(folder) else []


def firewall(host: Host) -> list[str]:
    """nftables' rules, and those of iptables' older way, without counters; in their order."""
    found: list[str] = []
    if host.find("nft") is not None:
        found += [f"nft {line}" for line in host.run(["nft", "--stateless", "list", "ruleset"]).out.splitlines()]
    for program in ("iptables-save", "ip6tables-save", "iptables-legacy-save", "ip6tables-legacy-save"):
        if host.find(program) is None:
            continue
        for line in host.run([program]).out.splitlines():
            if not line.startswith("#"):
                found.append(f"{program} {CHAIN_COUNTERS.sub('', line)}")
    return [f"{number:06d} {line}" for number, line in enumerate(found)]


def listeners() -> list[str]:
    """Listening sockets: protocol, address (as the kernel writes it) and port; local ones by path."""
    found: set[str] = set()
    for name, state in (("tcp", "0A"), ("tcp6", "0A"), ("udp", "07"), ("udp6", "07"), ("raw", "07"), ("raw6", "07")):
        for line in read_text(f"/proc/net/{name}").splitlines()[1:]:
            words = line.split()
            if words[3] == state:
                address, _, port = words[1].rpartition(":")
                found.add(f"{name} {address} {int(port, 16)}")
    for line in read_text("/proc/net/unix").splitlines()[1:]:
        words = line.split(maxsplit=7)
        # 00010000 is the kernel's mark of a socket that accepts connections.
        if words[3] == "00010000" and len(words) == 8 and not words[7].startswith("/run/user"):
            found.add(f"unix {words[7]}")
    return sorted(found)
