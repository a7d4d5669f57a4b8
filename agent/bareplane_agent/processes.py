"""Processes: which there are, by the program they run, and ending them."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass
from typing import Iterable, Sequence

from .errors import UndoError
from .files import read_bytes
from .host import Host

PATIENCE = 10.0


@dataclass(frozen=True)
class Process:
    """`started`: clock ticks since boot, which with the pid names one process for good. `parent`: its parent's pid."""

    pid: int
    parent: int
    started: str
    program: str
    arguments: tuple[str, ...]

    @property
    def identity(self) -> str:
        return f"{self.pid}@{self.started}"


def running() -> list[Process]:
    """All but kernel threads, containers' processes among them.

    A program that was replaced on disk since is known by its old path.
    """
    found = (inspect(int(name)) for name in os.listdir("/proc") if name.isdigit())
    return [process for process in found if process is not None and process.program]


def native() -> list[Process]:
    """Those of this machine itself.

    A machine inside a container of this one runs programs of the same path and arguments, which are not this
    machine's: they live in a pid namespace of their own.
    """
    own = os.readlink("/proc/self/ns/pid")
    return [process for process in running() if _namespace(process.pid) == own]


def _namespace(pid: int) -> str:
    try:
        return os.readlink(f"/proc/{pid}/ns/pid")
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return ""


def inspect(pid: int) -> Process | None:
    """None when it has ended, or cannot be looked at."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            # The second field is the name in brackets and may hold anything.
            stat = file.read().rsplit(b")", 1)[1].split()
        program = os.readlink(f"/proc/{pid}/exe")
        words = read_bytes(f"/proc/{pid}/cmdline") or b""
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        # Kernel threads have no program; a process that even root may not look at is none of ours.
        return None
    if stat[0] in (b"Z", b"X"):
        return None
    arguments = words.rstrip(b"\0").decode("utf-8", "replace").split("\0")
    if program.endswith(" (deleted)"):
        program = program[: -len(" (deleted)")]
    return Process(pid, int(stat[1]), stat[19].decode(), program, tuple(arguments))


def descendants(of: Iterable[int], among: Sequence[Process]) -> list[Process]:
    """All processes below these, nearest first."""
    found: list[Process] = []
    level = set(of)
    while level:
        children = [process for process in among if process.parent in level]
        found.extend(children)
        level = {process.pid for process in children}
    return found


def end(processes: Sequence[Process], host: Host, patience: float = PATIENCE) -> None:
    """TERM, and KILL for those still there after `patience` seconds."""
    left = list(processes)
    for number, seconds in ((signal.SIGTERM, patience), (signal.SIGKILL, PATIENCE)):
        for process in left:
            _signal(process, number)
        until = time.monotonic() + min(seconds, max(0.0, host.remaining()))
        while (left := [process for process in left if _alive(process)]) and time.monotonic() < until:
            time.sleep(0.02)
        if not left:
            return
    raise UndoError(f"ending {left[0].program} (pid {left[0].pid}): it is still there after KILL")


def _alive(process: Process) -> bool:
    now = inspect(process.pid)
    return now is not None and now.started == process.started


def _signal(process: Process, number: int) -> None:
    try:
        descriptor = os.pidfd_open(process.pid)
    except OSError:
        return
    try:
        # The pid may have been reused since; through the descriptor it is this process or none.
        if _alive(process):
            signal.pidfd_send_signal(descriptor, number)
    except ProcessLookupError:
        return
    finally:
        os.close(descriptor)
