"""Big contents, sent by the client after it was told which ones are needed."""

from __future__ import annotations

import contextlib
import hashlib
import os
import subprocess
import threading
from typing import IO

from .channel import Channel
from .errors import AgentError, ChecksumError, CutError, MissingError, RequestError
from .fields import SHA256, Fields
from .files import CHUNK, copy_file, open_new, remove_file
from .host import PATH, Host


class Blobs:
    """The blobs of one run, in the order they were asked for; each travels once."""

    def __init__(self, channel: Channel, host: Host) -> None:
        self._channel = channel
        self._host = host
        self._expected: list[str] = []
        self._places: dict[str, str] = {}

    def ask(self, wanted: list[str]) -> None:
        """Tell the client which blobs to send; call once, with the uploads in item order."""
        self._expected = list(dict.fromkeys(wanted))
        if self._expected:
            self._channel.send({"event": "need", "blobs": self._expected})

    def arrived(self, sha256: str, path: str) -> None:
        """The blob now stands at its destination, from where a second item may copy it."""
        self._places[sha256] = path

    def receive(self, sha256: str, temporary: str) -> None:
        """Write a blob to a fresh file `temporary`, verified and on disk when this returns."""
        place = self._places.get(sha256)
        if place is not None:
            copy_file(place, temporary)
            return
        if not self._expected or self._expected.pop(0) != sha256:
            raise AgentError(f"receiving blob {sha256}: it was not asked for at the start; run the operation again")
        header = Fields(self._channel.read_line(), "blob header")
        name, encoding = header.text("blob", SHA256), header.one_of("encoding", ("zstd", "none"), "none")
        length = int(header.number("length", 0))
        header.finish()
        if name != sha256:
            raise RequestError(f"receiving blobs: expected {sha256}, the client sent {name}")
        try:
            with open_new(temporary) as file:
                found = self._decode(file, length) if encoding == "zstd" else self._copy(file, length)
                file.flush()
                os.fsync(file.fileno())
        except BaseException:
            remove_file(temporary)
            raise
        if found != sha256:
            os.unlink(temporary)
            raise ChecksumError(
                f"receiving blob {sha256}: the content that arrived has sha256 {found}; nothing was replaced; "
                "the artifact in the client's cache is damaged or was changed on the way"
            )

    def _copy(self, file: IO[bytes], length: int) -> str:
        digest = hashlib.sha256()
        while length > 0:
            chunk = self._channel.read_bytes(min(CHUNK, length))
            length -= len(chunk)
            digest.update(chunk)
            file.write(chunk)
        return digest.hexdigest()

    def _decode(self, file: IO[bytes], length: int) -> str:
        program = self._host.find("zstd")
        if program is None:
            raise MissingError("receiving a blob: it is zstd-compressed and this machine has no zstd program")
        digest = hashlib.sha256()
        with subprocess.Popen(
            [program, "-dcq"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={"PATH": PATH},
            bufsize=0,
        ) as decoder:
            feeder = _Feeder(self._channel, decoder, length)
            feeder.start()
            assert decoder.stdout is not None
            while chunk := decoder.stdout.read(CHUNK):
                digest.update(chunk)
                file.write(chunk)
            feeder.join()
        if feeder.cut is not None:
            raise feeder.cut
        # A damaged stream ends early with an exit code; its sum is wrong too, which is the error that is reported.
        return digest.hexdigest() if decoder.returncode == 0 else f"unknown: zstd ended with {decoder.returncode}"


class _Feeder(threading.Thread):
    """Moves the bytes on the wire into the decoder; drains them when the decoder has given up."""

    def __init__(self, channel: Channel, decoder: subprocess.Popen[bytes], length: int) -> None:
        super().__init__(daemon=True)
        self._channel = channel
        self._decoder = decoder
        self._length = length
        self.cut: CutError | None = None

    def run(self) -> None:
        sink = self._decoder.stdin
        assert sink is not None
        broken = False
        try:
            while self._length > 0:
                chunk = self._channel.read_bytes(min(CHUNK, self._length))
                self._length -= len(chunk)
                if not broken:
                    broken = not _write(sink, chunk)
        except CutError as error:
            self.cut = error
        finally:
            with contextlib.suppress(BrokenPipeError):
                sink.close()


def _write(sink: IO[bytes], chunk: bytes) -> bool:
    view = memoryview(chunk)
    try:
        while view:
            view = view[sink.write(view) :]
    except BrokenPipeError:
        return False
    return True
