"""The two directions of the connection: events out, the request and blobs in."""

from __future__ import annotations

import json
import select
import signal
from typing import IO, Any, Mapping

from .errors import CutError, RequestError

LONGEST_HEADER = 4096
# Item contents travel in the request line, so it may be long; it is still bounded.
LONGEST_REQUEST = 256 * 1024 * 1024


class Channel:
    """Sends events until the client is gone; from then on events are dropped and `gone` is true."""

    def __init__(self, source: IO[bytes], sink: IO[bytes]) -> None:
        self._source = source
        self._sink = sink
        self._broken = False
        self._stopped = False

    def stop_on_signals(self) -> None:
        """SIGHUP comes when a session ends; like SIGTERM it means: finish the item at hand, then stop."""
        for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)

    def _stop(self, _number: int, _frame: object) -> None:
        self._stopped = True

    @property
    def gone(self) -> bool:
        """The client cannot hear us any more."""
        if self._broken or self._stopped:
            return True
        try:
            watch = select.poll()
            watch.register(self._sink.fileno(), 0)
            self._broken = any(what & (select.POLLERR | select.POLLHUP) for _, what in watch.poll(0))
        except (OSError, ValueError):
            return False
        return self._broken

    def check(self) -> None:
        """Called between two items."""
        if self.gone:
            raise CutError("the connection was cut; the work stopped between two items and can be run again")

    def send(self, event: Mapping[str, Any]) -> None:
        if self._broken:
            return
        try:
            self._sink.write(json.dumps(event, sort_keys=True).encode() + b"\n")
            self._sink.flush()
        except (BrokenPipeError, ConnectionResetError):
            self._broken = True

    def progress(self, text: str) -> None:
        self.send({"event": "progress", "text": text})

    def warn(self, text: str, item: str | None = None) -> None:
        self.send({"event": "warning", "text": text, "item": item})

    def read_line(self, longest: int = LONGEST_HEADER) -> object:
        line = self._source.readline(longest)
        if not line.endswith(b"\n"):
            if len(line) >= longest:
                raise RequestError(f"reading from the client: a line is longer than {longest} bytes")
            if not line:
                raise CutError("reading from the client: the connection ended")
        try:
            return json.loads(line)
        except ValueError as error:
            raise RequestError(f"reading from the client: not a line of JSON: {error}") from error

    def read_request(self) -> object:
        return self.read_line(LONGEST_REQUEST)

    def read_bytes(self, count: int) -> bytes:
        """Up to `count` bytes; fewer only when they come in pieces, none never."""
        data = self._source.read(count)
        if not data:
            raise CutError("receiving a blob: the connection ended in the middle")
        return data
