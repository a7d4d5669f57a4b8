"""One connection per machine and plugin process, shared by threads, made again when it died."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from threading import BoundedSemaphore, Event, Lock
from typing import TYPE_CHECKING

from bareplane_provider.errors import CancelledError, UnreachableError
from bareplane_provider.transport.session import Session

if TYPE_CHECKING:
    from paramiko import Transport

    from bareplane_provider.transport.connection import Connection
    from bareplane_provider.transport.hostkey import HostKey
    from bareplane_provider.transport.link import Link

Say = Callable[[str], None]
_PAUSE = 1.0


class _Slot:
    """The place of one machine's link; its lock is held while dialing, so that one thread dials and others wait."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.link: Link | None = None
        # A key trusted on first use is pinned for the rest of the process.
        self.learned: tuple[HostKey, ...] = ()


class Pool:
    """All links of the process. `close` ends what runs on them, at once and for good."""

    def __init__(self) -> None:
        self.cancelled = Event()
        self._lock = Lock()
        self._slots: dict[Connection, _Slot] = {}
        self._transports: set[Transport] = set()
        # Key exchange is CPU-bound: more dials at a time are slower, not faster.
        self._dials = BoundedSemaphore(2 * (os.cpu_count() or 1))

    def session(self, connection: Connection, progress: Say, warning: Say, ends_at: float | None = None) -> Session:
        return Session(self, connection, progress, warning, ends_at)

    def link(self, connection: Connection, progress: Say, warning: Say) -> Link:
        """The machine's live link, dialed if need be, its jump host's first."""
        with self._lock:
            slot = self._slots.setdefault(connection, _Slot())
        with slot.lock:
            if slot.link is None or not slot.link.alive:
                self._forget(slot)
                slot.link = self._persist(connection, slot, progress, warning)
            return slot.link

    def drop(self, connection: Connection, link: Link) -> None:
        """Close a link found dead, unless another thread has replaced it."""
        with self._lock:
            slot = self._slots.setdefault(connection, _Slot())
        with slot.lock:
            if slot.link is link:
                self._forget(slot)

    def close(self) -> None:
        """Cancel: every running command, transfer and dial ends with CancelledError."""
        self.cancelled.set()
        with self._lock:
            transports, self._transports = self._transports, set()
        for transport in transports:
            transport.close()

    def _persist(self, connection: Connection, slot: _Slot, progress: Say, warning: Say) -> Link:
        """Dial until it answers, for `connect_wait` seconds. Refusals of keys are final."""
        from bareplane_provider.transport.dial import RETRYABLE

        deadline = time.monotonic() + connection.connect_wait
        while True:
            if self.cancelled.is_set():
                raise CancelledError(f"connecting to {connection}: interrupted")
            try:
                return self._dial(connection, slot, progress, warning)
            except RETRYABLE as error:
                problem = describe(error)
                if self.cancelled.is_set():
                    continue
                if time.monotonic() + _PAUSE > deadline:
                    raise UnreachableError(
                        f"connecting to {connection}: {problem}, after {connection.connect_wait:.0f} s of trying; "
                        "check that the machine is up, that address and port are its sshd's, and what stands between"
                    ) from error
            progress(f"waiting for {connection}: {problem}")
            self.cancelled.wait(_PAUSE)

    def _dial(self, connection: Connection, slot: _Slot, progress: Say, warning: Say) -> Link:
        # Importing paramiko takes 0.2 s: paid at the first dial, not at every start of the plugin.
        from bareplane_provider.transport.link import dial

        # Before taking a place among the dials: a jump host's own dial needs one too.
        via = self.link(connection.jump, progress, warning) if connection.jump else None
        with self._dials:
            pinned = connection.host_keys or slot.learned
            link = dial(connection, via, pinned, self.cancelled, self._track, warning)
        slot.learned = (link.host_key,)
        return link

    def _track(self, transport: Transport) -> None:
        with self._lock:
            self._transports.add(transport)
        if self.cancelled.is_set():
            transport.close()
            raise CancelledError("interrupted while connecting")

    def _forget(self, slot: _Slot) -> None:
        if slot.link is not None:
            slot.link.close()
            with self._lock:
                self._transports.discard(slot.link.transport)
            slot.link = None


def describe(error: BaseException) -> str:
    """A library's error in a few words; some come without any."""
    text = str(getattr(error, "strerror", None) or error).strip()
    return text or {"EOFError": "the connection was closed"}.get(type(error).__name__, type(error).__name__)
