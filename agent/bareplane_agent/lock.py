"""The machine's lock: one changing run at a time; the holder's words are inside."""

from __future__ import annotations

import fcntl
import json
import os
import time
from contextlib import contextmanager
from typing import Generator, Mapping

from .errors import LockedError
from .host import Host

LOCK = "/run/bareplane.lock"


@contextmanager
def machine_lock(host: Host, words: Mapping[str, str], wait: float) -> Generator[None, None, None]:
    """Hold the lock; wait for it up to `wait` seconds. The kernel lets go of it when this process ends in any way."""
    path = host.path(LOCK)
    # O_CLOEXEC (Python's default) keeps daemons started under the lock from holding it on.
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        _acquire(descriptor, path, wait)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, json.dumps({**words, "pid": os.getpid()}).encode(), 0)
        try:
            yield
        finally:
            os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)


def _acquire(descriptor: int, path: str, wait: float) -> None:
    until = time.monotonic() + wait
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if time.monotonic() >= until:
                raise LockedError(
                    f"this machine is locked by {_holder(descriptor)}; waited {wait:.0f} s for {path}; "
                    "wait for that run to end, or end its process"
                ) from error
            time.sleep(0.05)
        else:
            return


def _holder(descriptor: int) -> str:
    """Who wrote the words inside, and what for."""
    try:
        words = json.loads(os.pread(descriptor, 4096, 0))
    except ValueError:
        return "a run that has just begun"
    origin = f", from {words['from']}" if words["from"] else ""
    return f"{words['owner']} ({words['operation']}, process {words['pid']} there, since {words['since']}{origin})"
