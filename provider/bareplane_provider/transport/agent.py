"""The conversation with the agent: it and the request go down, events come up, blobs go down as it asks for them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, cast

from bareplane_provider.errors import AgentError, PythonMissingError, TransportError
from bareplane_provider.transport.blob import Blob, Encoding
from bareplane_provider.transport.command import Completed, command_line
from bareplane_provider.transport.package import LOADER, NO_PYTHON, agent_package
from bareplane_provider.transport.session import Drain, exit_status

if TYPE_CHECKING:
    from pathlib import Path

    from paramiko import Channel

    from bareplane_provider.transport.session import Session

# One SSH packet's payload as sshd allows it, less its header: whole packets only, so no copying of remainders.
_CHUNK = (1 << 15) - 64
_MEGABYTE = 1_000_000
_TELL_EVERY = 1.0
# An agent that failed reads no more: a send that waits for it must look up now and then.
_LOOK_EVERY = 0.3


class Conversation:
    """One request on one channel."""

    def __init__(
        self,
        session: Session,
        channel: Channel,
        what: str,
        deadline: float,
        blobs: Mapping[str, Blob],
        encoding: Encoding,
        progress: Callable[[str], None],
        warning: Callable[[str], None],
    ) -> None:
        self._session = session
        self._channel = channel
        self._what = what
        self._deadline = deadline
        self._blobs = blobs
        self._encoding: Encoding = encoding
        self._progress = progress
        self._warning = warning
        self._received = bytearray()
        self._ahead: dict[str, Any] | None = None

    def hold(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Say everything, listen to the end; the result, or AgentError."""
        line = json.dumps(request, separators=(",", ":")).encode() + b"\n"
        self._arm()
        # -I and -S: nothing of the user's environment or the machine's site-packages is imported, least of all as root.
        loader = ["python3", "-I", "-S", "-c", LOADER]
        self._channel.exec_command(command_line(loader, sudo=self._session.connection.sudo))
        errors = Drain(self._channel.recv_stderr)
        self._send(agent_package() + line)
        while (event := self._event()) is not None:
            if self._remark(event):
                continue
            match event.get("event"):
                case "need":
                    self._send_blobs([str(digest) for digest in event.get("blobs", [])])
                case "result":
                    return event
                case "error":
                    item = event.get("item")
                    raise AgentError(
                        str(event.get("code", "failed")),
                        f"{self._session.name}: {self._what}: {event.get('message', 'failed')}",
                        str(item) if item else None,
                    )
                case _:
                    raise TransportError(f"{self._where}: the agent said {event!r}, which this version does not know")
        raise self._ended(errors)

    @property
    def _where(self) -> str:
        return f"{self._session.connection}: {self._what}"

    def _remark(self, event: Mapping[str, Any]) -> bool:
        """Pass on what only the user is told."""
        match event.get("event"):
            case "progress":
                self._progress(str(event.get("text", "")))
            case "warning":
                self._warning(f"{self._session.name}: {event.get('text', '')}")
            case _:
                return False
        return True

    def _send(self, data: bytes) -> bool:
        """Send all of `data`; false when the other end reads no more: why is on its output, which is read next."""
        view = memoryview(data)
        while view:
            self._arm(at_most=_LOOK_EVERY)
            try:
                sent = self._channel.send(bytes(view[:_CHUNK]))
            except TimeoutError:
                if self._interrupted():
                    return False
                continue
            except OSError:
                return False
            if sent == 0:
                return False
            view = view[sent:]
        return True

    def _send_blobs(self, digests: list[str]) -> None:
        """Send what was asked for, in order; stops when the agent has reported a failure."""
        missing = [digest for digest in digests if digest not in self._blobs]
        if missing:
            raise TransportError(f"{self._where}: the agent asked for {missing[0]}, which was not offered")
        sources = [(digest, *self._blobs[digest].source(self._encoding)) for digest in digests]
        total = sum(length for _, _, length, _ in sources)
        done, told = 0, time.monotonic()
        for digest, path, length, encoding in sources:
            header = {"blob": digest, "length": length, "encoding": encoding}
            if not self._send(json.dumps(header).encode() + b"\n"):
                return
            for chunk in self._chunks(path, length):
                if self._interrupted() or not self._send(chunk):
                    return
                done += len(chunk)
                if time.monotonic() - told > _TELL_EVERY:
                    told = time.monotonic()
                    self._progress(f"transferring {done // _MEGABYTE} of {total // _MEGABYTE} MB")

    def _chunks(self, path: Path, length: int) -> Iterator[bytes]:
        with path.open("rb") as file:
            while length:
                chunk = file.read(min(_CHUNK, length))
                if not chunk:
                    raise TransportError(f"{self._where}: {path} became shorter while it was sent")
                length -= len(chunk)
                yield chunk

    def _interrupted(self) -> bool:
        """Whether the agent said anything during a transfer that ends it; remarks are passed on."""
        while self._channel.recv_ready():
            self._received += self._channel.recv(_CHUNK)
        while b"\n" in self._received:
            event = self._event()
            if event is not None and not self._remark(event):
                self._ahead = event
                return True
        return False

    def _event(self) -> dict[str, Any] | None:
        """The next line the agent says; None at its end."""
        if self._ahead is not None:
            event, self._ahead = self._ahead, None
            return event
        while (end := self._received.find(b"\n")) < 0:
            self._arm()
            chunk = self._channel.recv(_CHUNK)
            if not chunk:
                return None
            self._received += chunk
        line = bytes(self._received[:end])
        del self._received[: end + 1]
        try:
            said: object = json.loads(line)
        except ValueError:
            said = None
        if not isinstance(said, dict):
            raise TransportError(
                f"{self._where}: expected the agent, got {line[:200]!r}; does a login script there print something?"
            )
        return cast("dict[str, Any]", said)

    def _arm(self, at_most: float = float("inf")) -> None:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._channel.settimeout(min(left, at_most))

    def _ended(self, errors: Drain) -> Exception:
        """The agent ended without a result: sudo, a missing Python, a defect, or a cut connection (EOFError)."""
        status = exit_status(self._channel, self._deadline)
        text = errors.text(self._deadline)
        self._session.check_sudo(Completed(status, b"", text), self._what)
        where = self._where
        said = text.decode(errors="replace").strip()
        if status == NO_PYTHON and said.startswith("bareplane: python "):
            version = said.removeprefix("bareplane: python ")
            return PythonMissingError(f"{where}: its python3 is {version}; 3.9 or newer is needed")
        if status in (1, 126, 127) and "python3" in said and ("not found" in said or "No such file" in said):
            return PythonMissingError(f"{where}: it has no python3; install it there (`apt-get install python3`)")
        if not said:
            return AgentError(
                "crashed",
                f"{where}: the agent was killed there (status {status}), or its python3 is broken; see `dmesg` for "
                "memory that ran out, try `python3 -V`, and run the same again",
            )
        return AgentError("crashed", f"{where}: the agent ended (status {status}): {said.splitlines()[-1]}")
