"""A process beside the agent that ends it, and what it runs, when it outlives its deadline.

The agent looks at its deadline itself wherever it waits for programs. It cannot while it is stopped, or waits for its
client or a disk.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import time

GRACE = 3.0
"""Seconds an agent may take to report by itself that its deadline has passed."""


def watch_over(seconds: float, output: int) -> None:
    """Fork a process that ends this one, and the process groups it started, `seconds` and a grace from now.

    It takes no part in what this process opens later (the lock); `output` is where it tells the client.
    """
    watched = os.getpid()
    try:
        alive = os.pidfd_open(watched)
    except OSError:
        # Linux before 5.3: the client's own deadline is all there is.
        return
    if os.fork():
        os.close(alive)
        return
    try:
        os.setsid()
        for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        os.close(0)
        if not _ended(alive, seconds + GRACE):
            _end(watched)
            _tell(seconds, output)
    finally:
        # Never back into the agent's code, whatever happened.
        os._exit(0)


def _ended(descriptor: int, seconds: float) -> bool:
    watch = select.poll()
    watch.register(descriptor, select.POLLIN)
    return bool(watch.poll(int(seconds * 1000)))


def _end(watched: int) -> None:
    groups = {os.getpgid(pid) for pid in children(watched) if pid != os.getpid()} - {os.getpgid(watched)}
    os.kill(watched, signal.SIGKILL)
    for group in groups:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(group, signal.SIGKILL)


def children(parent: int) -> list[int]:
    """Processes that a process started and that have not ended."""
    found: list[int] = []
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        # Gone since it was listed.
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            with open(f"/proc/{name}/stat", "rb") as file:
                state, above = file.read().rpartition(b")")[2].split()[:2]
            if int(above) == parent and state != b"Z":
                found.append(int(name))
    return found


def _tell(seconds: float, output: int) -> None:
    event = {
        "event": "error",
        "code": "deadline",
        "message": f"the agent did not end within {seconds:.0f} s and was killed, with what it ran",
        "item": None,
    }
    with contextlib.suppress(OSError):
        # A moment for the kernel to take the killed agent's last words first.
        time.sleep(0.05)
        os.write(output, json.dumps(event).encode() + b"\n")
