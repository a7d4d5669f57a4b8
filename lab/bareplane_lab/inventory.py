"""The file that tells others about the servers; nothing in it says that they are simulated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from bareplane_lab.place import Place


@dataclass(frozen=True)
class Entry:
    """One server: address, and its pinned host key (`ssh-ed25519 AAAA…`)."""

    name: str
    address: str
    host_key: str


def write(place: Place, entries: Sequence[Entry]) -> None:
    """Replaces the inventory in one step: a reader never sees half of it."""
    servers = [
        {
            "name": entry.name,
            "address": entry.address,
            "port": 22,
            "user": "root",
            "hostKey": entry.host_key,
            "identityFile": str(place.client_key),
        }
        for entry in entries
    ]
    _replace(place.inventory, yaml.safe_dump({"servers": servers}, sort_keys=False, width=1000))


def write_known_hosts(place: Place, entries: Sequence[Entry]) -> None:
    _replace(place.known_hosts, "".join(f"{entry.address} {entry.host_key}\n" for entry in entries))


def _replace(path: Path, text: str) -> None:
    fresh = path.with_name(f".{path.name}.new")
    fresh.write_text(text)
    fresh.replace(path)
