"""What kinds use: run a command on a machine, or have the agent do a whole phase there."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from bareplane_provider.errors import CancelledError, DeadlineError, SudoError, TransportError
from bareplane_provider.transport.command import Completed, command_line, limited, sudo_problem

if TYPE_CHECKING:
    from paramiko import Channel

    from bareplane_provider.transport.blob import Blob, Encoding
    from bareplane_provider.transport.connection import Connection
    from bareplane_provider.transport.link import Link
    from bareplane_provider.transport.pool import Pool

_CHUNK = 1 << 15
# What the machine may take to end what has had its time, and to say so.
_GRACE = 8.0
# How `timeout` ends when it has ended a command with TERM, or with KILL, which is for itself, too.
_TIMED_OUT = (124, 137, -1)
# Less than any server's first window: sending this much never waits.
_FITS = 1 << 14


class Session:
    """A machine as one resource sees it. Cheap: links are the pool's. Safe to use from several threads."""

    def __init__(
        self,
        pool: Pool,
        connection: Connection,
        progress: Callable[[str], None],
        warning: Callable[[str], None],
        ends_at: float | None = None,
    ) -> None:
        self.connection = connection
        self._ends_at = ends_at
        self._pool = pool
        self._progress = progress
        self._warning = warning

    @property
    def name(self) -> str:
        return self.connection.name

    def run(self, argv: Sequence[str], stdin: bytes = b"", timeout: float = 60.0) -> Completed:
        """Run one command as root and wait for it. Any exit status is returned; secrets belong in `stdin`.

        After `timeout` seconds it is ended on the machine, with its process group: DeadlineError.
        """
        what = f"running {argv[0]}" if argv else "running nothing"
        seconds = self._limited(timeout)
        line = command_line(limited(argv, seconds) if argv else [], sudo=self.connection.sudo, reads=bool(stdin))
        deadline = time.monotonic() + seconds + _GRACE
        with self.guard(what, seconds), self._channel() as channel:
            channel.settimeout(seconds + _GRACE)
            channel.exec_command(line)
            errors = Drain(channel.recv_stderr)
            with _feeding(channel, stdin):
                output = bytearray()
                while chunk := self._receive(channel, deadline):
                    output += chunk
                status = exit_status(channel, deadline)
            done = Completed(status, bytes(output), errors.text(deadline))
            if status in _TIMED_OUT and time.monotonic() > deadline - _GRACE:
                raise TimeoutError
        self.check_sudo(done, what)
        return done

    def agent(
        self,
        request: Mapping[str, Any],
        blobs: Mapping[str, Blob] | None = None,
        progress: Callable[[str], None] | None = None,
        encoding: Encoding = "none",
        timeout: float | None = None,
    ) -> dict[str, Any]:
        """Have the agent do one request; `blobs` (by sha256) are sent as it asks for them. Its result.

        `encoding` says what the machine can unpack. `timeout` defaults to the request's deadline and what the agent
        may take to report that it has passed.
        """
        from bareplane_provider.transport.agent import Conversation

        request = {**request, "deadline": self._limited(float(request.get("deadline", 600)))}
        seconds = timeout if timeout is not None else request["deadline"] + _GRACE
        what = f"{request.get('operation', 'agent')} {request.get('entry', '')}".strip()
        deadline = time.monotonic() + seconds
        with self.guard(what, seconds), self._channel() as channel:
            talk = Conversation(
                self, channel, what, deadline, blobs or {}, encoding, progress or self._progress, self._warning
            )
            return talk.hold(request)

    def _limited(self, seconds: float) -> float:
        """At most what is left of the time the user gave the whole operation."""
        return seconds if self._ends_at is None else max(1.0, min(seconds, self._ends_at - time.monotonic()))

    @contextmanager
    def _channel(self) -> Generator[Channel]:
        link, channel = self._open()
        try:
            yield channel
        finally:
            link.release(channel)

    def _open(self) -> tuple[Link, Channel]:
        """A channel on the machine's link; a link that died while idle is made again, once."""
        import paramiko

        link = self._pool.link(self.connection, self._progress, self._warning)
        try:
            return link, link.open()
        except (paramiko.SSHException, OSError, EOFError):
            self._pool.drop(self.connection, link)
        link = self._pool.link(self.connection, self._progress, self._warning)
        return link, link.open()

    @contextmanager
    def guard(self, what: str, seconds: float) -> Generator[None]:
        """Wrap a library's errors once, with what was being done and where."""
        import paramiko

        from bareplane_provider.transport.pool import describe

        try:
            yield
        except (TransportError, paramiko.SSHException, OSError, EOFError) as error:
            if self._pool.cancelled.is_set():
                raise CancelledError(f"{self.name}: {what}: interrupted") from error
            if isinstance(error, TransportError):
                raise
            if isinstance(error, TimeoutError):
                raise DeadlineError(
                    f"{self.connection}: {what}: not done within {seconds:.0f} s; customTimeouts can give it longer"
                ) from error
            raise TransportError(
                f"{self.connection}: {what}: the connection was cut: {describe(error)}; run the same again"
            ) from error

    def check_sudo(self, done: Completed, what: str) -> None:
        problem = sudo_problem(done) if self.connection.sudo else None
        if problem:
            raise SudoError(
                f"{self.connection}: {what}: {self.connection.user} cannot become root: {problem}; allow it without "
                f"a password and without a terminal (in /etc/sudoers.d: `{self.connection.user} ALL=(ALL) NOPASSWD: "
                f"ALL` and `Defaults:{self.connection.user} !requiretty`), or log in as root"
            )

    @staticmethod
    def _receive(channel: Channel, deadline: float) -> bytes:
        channel.settimeout(max(0.01, deadline - time.monotonic()))
        return channel.recv(_CHUNK)


class Drain:
    """Reads a stream to its end in a thread of its own, so that a full window cannot stop the other stream."""

    def __init__(self, receive: Callable[[int], bytes], limit: int = 1 << 20) -> None:
        self._data = bytearray()
        self._limit = limit
        self._thread = threading.Thread(target=self._read, args=(receive,), daemon=True)
        self._thread.start()

    def _read(self, receive: Callable[[int], bytes]) -> None:
        while True:
            try:
                chunk = receive(_CHUNK)
            except TimeoutError:
                continue
            except OSError:
                return
            if not chunk:
                return
            self._data += chunk
            del self._data[: -self._limit]

    def text(self, deadline: float) -> bytes:
        """All of it (at most the last MiB), once the stream has ended."""
        self._thread.join(max(0.0, min(5.0, deadline - time.monotonic())))
        return bytes(self._data)


def exit_status(channel: Channel, deadline: float) -> int:
    """The command's exit status; -1 when a signal ended it. A cut connection raises EOFError."""
    if not channel.status_event.wait(max(0.0, deadline - time.monotonic())):
        raise TimeoutError
    status = channel.exit_status
    # A signal leaves no status either, but the server still ends the stream in good order.
    if status == -1 and not (channel.eof_received and channel.get_transport().is_active()):
        raise EOFError
    return status


@contextmanager
def _feeding(channel: Channel, data: bytes) -> Generator[None]:
    """Send a command's input while its output is read; all of it has been said when this ends.

    A word said after the channel was closed would reach the next command, which sshd gives the same number.
    """
    if len(data) <= _FITS:
        if data:
            _feed(channel, data)
        yield
        return
    feeder = threading.Thread(target=_feed, args=(channel, data), daemon=True)
    feeder.start()
    try:
        yield
    finally:
        channel.close()
        feeder.join()


def _feed(channel: Channel, data: bytes) -> None:
    view = memoryview(data)
    try:
        while view:
            view = view[channel.send(bytes(view[:_CHUNK])) :]
        channel.shutdown_write()
    except (OSError, EOFError):
        # The command ended without reading all of it, or the connection broke: the reading side tells which.
        return
