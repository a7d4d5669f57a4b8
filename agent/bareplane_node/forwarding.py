"""Lets pods' packets through where the machine's own firewall drops what it forwards (Docker and ufw both set that).

An accept in a table of ours would not do: nftables lets a packet pass only when no base chain drops it. So the rules
stand in a
chain of ours that the machine's FORWARD chain jumps to, and only while its policy is to drop.
"""

from __future__ import annotations

import shutil
from typing import Callable, List

CHAIN = "BAREPLANE-FORWARD"
Call = Callable[[List[str]], str]


def let_through(pod_subnet: str, call: Call) -> None:
    """Make the rules if they are needed; `call` runs an argv and raises when it fails."""
    if shutil.which("iptables") is None:
        return
    for argv in missing(call(["iptables", "-w", "-S"]), pod_subnet):
        call(["iptables", "-w", *argv])


def missing(rules: str, pod_subnet: str) -> List[List[str]]:
    """What has to be done, from the filter table as `iptables -S` prints it."""
    lines = rules.splitlines()
    if "-P FORWARD DROP" not in lines:
        return []
    todo: List[List[str]] = []
    if f"-N {CHAIN}" not in lines:
        todo.append(["-N", CHAIN])
    for side in ("-s", "-d"):
        if f"-A {CHAIN} {side} {pod_subnet} -j ACCEPT" not in lines:
            todo.append(["-A", CHAIN, side, pod_subnet, "-j", "ACCEPT"])
    if f"-A FORWARD -j {CHAIN}" not in lines:
        todo.append(["-I", "FORWARD", "1", "-j", CHAIN])
    return todo
