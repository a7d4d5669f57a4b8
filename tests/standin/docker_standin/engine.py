"""A Docker Engine's HTTP API over SSH, by way of `docker system dial-stdio`, as Docker's own clients reach it."""

from __future__ import annotations

import http.client
import io
import json
import subprocess
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

SECONDS = 60


class EngineError(Exception):
    """What the engine, or the way to it, said."""

    def __init__(self, text: str, status: int = 0) -> None:
        super().__init__(text)
        self.status = status


def ssh_command(host: str, options: Sequence[str]) -> list[str]:
    """`host`: ssh://user@address:port"""
    url = urlsplit(host)
    if url.scheme != "ssh" or not url.hostname:
        raise EngineError(f"host {host!r}: this stand-in knows ssh:// alone")
    login = ["-l", url.username] if url.username else []
    port = ["-p", str(url.port)] if url.port else []
    timeout = [] if any("ConnectTimeout" in one for one in options) else ["-o", "ConnectTimeout=30"]
    return ["ssh", *timeout, "-T", *options, *login, *port, "--", url.hostname, "docker", "system", "dial-stdio"]


class Pipe:
    """A process's two ends as what http.client takes for a socket."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    def sendall(self, data: bytes) -> None:
        assert self._process.stdin
        self._process.stdin.write(data)
        self._process.stdin.flush()

    def makefile(self, *_: Any) -> io.BufferedIOBase:
        assert self._process.stdout
        # A response closes what it reads from; the next one reads on.
        return io.BufferedReader(Unclosed(self._process.stdout))

    def close(self) -> None:
        """The engine's end does it."""


class Unclosed(io.RawIOBase):
    def __init__(self, file: Any) -> None:
        self._file = file

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        # No more than there is: what follows belongs to the next response.
        found = self._file.read1(min(len(buffer), 1))
        buffer[: len(found)] = found
        return len(found)


class Engine:
    """One connection; requests one after another."""

    def __init__(self, host: str, options: Sequence[str]) -> None:
        self._command = ssh_command(host, options)
        self._host = host

    def __enter__(self) -> Engine:
        self._process = subprocess.Popen(
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        self._http = http.client.HTTPConnection("docker.invalid", timeout=SECONDS)
        self._http.sock = Pipe(self._process)  # type: ignore[assignment]
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def get(self, *path: str, **query: Any) -> Any:
        return self.ask("GET", path, query)

    def post(self, *path: str, body: Any = None, **query: Any) -> Any:
        return self.ask("POST", path, query, body)

    def delete(self, *path: str, **query: Any) -> Any:
        return self.ask("DELETE", path, query)

    def find(self, *path: str) -> Any | None:
        """None where there is no such thing."""
        try:
            return self.get(*path)
        except EngineError as error:
            if error.status == http.client.NOT_FOUND:
                return None
            raise

    def ask(self, method: str, path: Sequence[str], query: dict[str, Any], body: Any = None) -> Any:
        url = "/" + "/".join(quote(one, safe="/:@") for one in path)
        url += f"?{urlencode(query)}" if query else ""
        text = None if body is None else json.dumps(body)
        try:
            self._http.request(method, url, text, {"Content-Type": "application/json"} if text else {})
            answer = self._http.getresponse()
            data = answer.read()
        except (OSError, http.client.HTTPException) as error:
            self._process.kill()
            said = self._process.communicate()[1].decode(errors="replace").strip()
            raise EngineError(f"connecting to Docker at {self._host}: {said or error}") from error
        if answer.status >= http.client.BAD_REQUEST:
            raise EngineError(f"{method} {url}: {message(data)}", answer.status)
        try:
            return json.loads(data) if data else None
        except ValueError:
            return data.decode(errors="replace")


def message(data: bytes) -> str:
    try:
        return str(json.loads(data)["message"])
    except (ValueError, KeyError, TypeError):
        return data.decode(errors="replace").strip()
