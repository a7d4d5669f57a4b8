"""Whole directory trees: what is in them, and removing them without ever crossing a mount."""

from __future__ import annotations

import os
import stat

from .errors import AgentError, UndoError
from .host import Host
from .mounts import mounted_below, unmount

# A listing goes into the ledger; a tree that was already this big before us is not one to be put in our care.
LONGEST_LISTING = 20000


def listing(path: str) -> list[str]:
    """Everything below a directory, relative to it."""
    found: list[str] = []
    for folder, folders, files in os.walk(path):
        for name in folders + files:
            found.append(os.path.relpath(os.path.join(folder, name), path))
            if len(found) > LONGEST_LISTING:
                raise AgentError(
                    f"noting what is in {path}: more than {LONGEST_LISTING} files are there already; move them away"
                )
    return sorted(found)


def remove_tree(path: str, host: Host, keep: frozenset[str] = frozenset(), itself: bool = True) -> None:
    """Unmount what is mounted below a directory, then remove everything in it but `keep` (relative paths)."""
    for place in mounted_below(path):
        unmount(place, host)
    # A directory on the way to something kept stays as well.
    needed = {"/".join(name.split("/")[:depth]) for name in keep for depth in range(1, name.count("/") + 2)}
    device = os.lstat(path).st_dev
    if itself and os.path.ismount(path):
        itself = False
    _remove_inside(path, "", needed, device)
    if itself and not needed:
        os.rmdir(path)


def _remove_inside(path: str, below: str, needed: set[str], device: int) -> None:
    with os.scandir(path) as entries:
        names = sorted(entry.name for entry in entries)
    for name in names:
        relative = f"{below}/{name}" if below else name
        place = os.path.join(path, name)
        found = os.lstat(place)
        if not stat.S_ISDIR(found.st_mode):
            if relative not in needed:
                os.unlink(place)
            continue
        if found.st_dev != device:
            raise UndoError(f"removing {place}: something is mounted there and could not be unmounted")
        _remove_inside(place, relative, needed, device)
        if relative not in needed:
            os.rmdir(place)
