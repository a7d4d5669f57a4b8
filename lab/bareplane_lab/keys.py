"""SSH keys of a lab: one for the client, one per server, made once and kept in the lab's directory."""

from __future__ import annotations

from pathlib import Path

from bareplane_lab.commands import run
from bareplane_lab.place import Place


def client_key(place: Place) -> str:
    """Public line of the client's key."""
    return _pair(place.client_key, f"bareplane-lab-{place.id}")


def host_key(place: Place, server: str) -> str:
    """Public line of a server's host key, without comment: `ssh-ed25519 AAAA…`."""
    return " ".join(_pair(place.host_key(server), server).split()[:2])


def _pair(path: Path, comment: str) -> str:
    public = path.with_name(path.name + ".pub")
    if not (path.exists() and public.exists()):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        public.unlink(missing_ok=True)
        run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", str(path)],
            f"making the SSH key {path}",
        )
    return public.read_text().strip()
