"""Where one lab lives: names derived from its directory, so that even a lost directory finds its containers."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from bareplane_lab.cache import cache_root

LAB_LABEL = "bareplane.lab"
SERVER_LABEL = "bareplane.server"
SEED_LABEL = "bareplane.seed"


@dataclass(frozen=True)
class Place:
    """A lab's directory (absolute) and what is named after it."""

    directory: Path

    @property
    def id(self) -> str:
        return hashlib.sha256(str(self.directory).encode()).hexdigest()[:8]

    @property
    def network(self) -> str:
        return f"bareplane-{self.id}"

    @property
    def label(self) -> str:
        return f"{LAB_LABEL}={self.id}"

    @property
    def inventory(self) -> Path:
        return self.directory / "inventory.yaml"

    @property
    def known_hosts(self) -> Path:
        return self.directory / "known_hosts"

    @property
    def client_key(self) -> Path:
        return self.directory / "id_ed25519"

    @property
    def lock(self) -> Path:
        """Beside the cache's other locks: `down` removes the lab's directory while it holds this one."""
        return cache_root() / "lab" / f"{self.id}.lock"

    @property
    def host_keys(self) -> Path:
        return self.directory / "host-keys"

    def host_key(self, server: str) -> Path:
        return self.host_keys / server

    def container(self, server: str) -> str:
        """Name of the server's container."""
        return f"{self.network}-{server}"


def at(directory: Path) -> Place:
    return Place(directory.expanduser().resolve())
