"""Control groups by the name of their top one, in every hierarchy (v1 and v2)."""

from __future__ import annotations

import errno
import os
import signal
import time

from ..context import Context
from ..errors import UndoError
from ..files import read_text
from ..host import Host
from .base import Kind

PATIENCE = 10.0


class Cgroups(Kind):
    argument = r"[A-Za-z0-9_.@-]+(/[A-Za-z0-9_.@-]+)*"

    @classmethod
    def there(cls, argument: str, host: Host) -> list[str]:
        found: list[str] = []
        for root in hierarchies():
            for folder, _, _ in os.walk(os.path.join(root, argument)):
                found.append(folder)
        return sorted(found)

    @classmethod
    def clear(cls, argument: str, before: frozenset[str], context: Context) -> None:
        # Deepest first: a group with groups in it cannot be removed.
        for folder in sorted(cls.there(argument, context.host), key=lambda path: -path.count("/")):
            if folder not in before:
                _remove(folder)


def hierarchies() -> list[str]:
    """Where control groups are mounted."""
    found: list[str] = []
    for line in read_text("/proc/self/mountinfo").splitlines():
        left, _, right = line.partition(" - ")
        if right.split(" ")[0] in ("cgroup", "cgroup2"):
            found.append(left.split(" ")[4])
    return sorted(set(found))


def _remove(folder: str) -> None:
    until = time.monotonic() + PATIENCE
    while True:
        try:
            os.rmdir(folder)
        except FileNotFoundError:
            return
        except OSError as error:
            if error.errno != errno.EBUSY or time.monotonic() > until:
                raise UndoError(f"removing control group {folder}: {error.strerror}") from error
            _kill_inside(folder)
            time.sleep(0.05)
        else:
            return


def _kill_inside(folder: str) -> None:
    """The group came with us, so what is in it did too."""
    for pid in read_text(os.path.join(folder, "cgroup.procs")).split():
        # In a container, members outside its pid namespace read as 0.
        if pid != "0":
            try:
                os.kill(int(pid), signal.SIGKILL)
            except ProcessLookupError:
                continue
