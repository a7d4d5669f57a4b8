"""Sockets that wait for connections, and whose they are."""

from __future__ import annotations

import os
import re
from typing import Any

from .files import read_text
from .processes import running

TABLES = (("tcp", "0A"), ("tcp6", "0A"), ("udp", "07"), ("udp6", "07"))


def listeners() -> list[dict[str, Any]]:
    """Protocol, port, and the process that holds it (`program` and `pid`; none where it cannot be told), sorted."""
    found: dict[tuple[str, int], str] = {}
    for name, state in TABLES:
        for line in read_text(f"/proc/net/{name}").splitlines()[1:]:
            words = line.split()
            if words[3] == state:
                found[(name.rstrip("6"), int(words[1].rsplit(":", 1)[1], 16))] = words[9]
    holders = _holders(set(found.values()))
    return [
        {"protocol": protocol, "port": port, **holders.get(inode, {"program": "", "pid": 0})}
        for (protocol, port), inode in sorted(found.items())
    ]


def _holders(inodes: set[str]) -> dict[str, dict[str, Any]]:
    """Processes by the sockets they have open. Of several, the eldest: systemd, where it passes a socket on."""
    found: dict[str, dict[str, Any]] = {}
    for process in sorted(running(), key=lambda one: one.pid):
        for inode in _sockets(process.pid) & inodes:
            found.setdefault(inode, {"program": os.path.basename(process.program), "pid": process.pid})
    return found


def _sockets(pid: int) -> set[str]:
    folder = f"/proc/{pid}/fd"
    found: set[str] = set()
    try:
        for name in os.listdir(folder):
            match = re.fullmatch(r"socket:\[(\d+)\]", os.readlink(f"{folder}/{name}"))
            if match:
                found.add(match.group(1))
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return found  # it ended meanwhile, or a descriptor was closed
    return found
