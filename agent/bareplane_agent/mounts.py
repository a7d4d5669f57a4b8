"""Mounts: which there are, and ending them."""

from __future__ import annotations

import re
import time

from .errors import UndoError
from .files import read_text
from .host import Host

ATTEMPTS = 20


def mount_points() -> list[str]:
    """Every mount point of this process's namespace, in the order they were mounted."""
    return [_unescape(line.split(" ")[4]) for line in read_text("/proc/self/mountinfo").splitlines()]


def _unescape(text: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match.group(1), 8)), text)


def mounted_below(path: str) -> list[str]:
    """Mount points strictly below a path, latest first."""
    return [place for place in reversed(mount_points()) if place.startswith(path.rstrip("/") + "/")]


def unmount(place: str, host: Host) -> None:
    """End a mount; waits two seconds for those who use it, then detaches it."""
    for _ in range(ATTEMPTS):
        done = host.run(["umount", "--", place], timeout=30)
        if done.code == 0 or place not in mount_points():
            return
        time.sleep(0.1)
    done = host.run(["umount", "--lazy", "--", place], timeout=30)
    if done.code != 0 and place in mount_points():
        raise UndoError(f"unmounting {place}: {done.last_lines()}; end what uses it and run this again")
