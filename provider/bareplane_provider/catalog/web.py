"""HTTP, for hosts that may not be reachable at all: each is tried once for three seconds and remembered for the run."""

from __future__ import annotations

import http.client
import socket
import threading
import urllib.error
import urllib.request
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from bareplane_provider.catalog.errors import DownloadError

PROBE_SECONDS = 3.0
STALL_SECONDS = 30.0
ATTEMPTS = 3
_BLOCK = 1 << 20


class Web(Protocol):
    """What fetching needs of the network; tests have one of their own."""

    def reachable(self, url: str) -> bool:
        """Whether the URL's host, or the proxy in front of it, takes connections."""
        ...

    def text(self, url: str) -> str | None:
        """A small file, or None if the host does not have it. Raises DownloadError."""
        ...

    def download(self, url: str, target: Path) -> bool:
        """Writes a file; False if the host does not have it. Raises DownloadError."""
        ...


class Internet:
    """The network, through the proxies that the environment names."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, int], bool] = {}
        self._guard = threading.Lock()

    def reachable(self, url: str) -> bool:
        address = _first_hop(url)
        with self._guard:
            if address not in self._known:
                self._known[address] = _answers(*address)
            return self._known[address]

    def text(self, url: str) -> str | None:
        body = self._attempts(url, None)
        return None if body is None else body.decode()

    def download(self, url: str, target: Path) -> bool:
        return self._attempts(url, target) is not None

    def _attempts(self, url: str, target: Path | None) -> bytes | None:
        """None for a file that is not there; else its content, which is empty when it went into `target`."""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return _read(url, target)
            except urllib.error.HTTPError as error:
                if error.code in {404, 410}:
                    return None
                if error.code < 500 or attempt == ATTEMPTS:
                    raise DownloadError(f"downloading {url}: the host answered {error.code} {error.reason}") from error
            except (OSError, http.client.HTTPException) as error:
                if attempt == ATTEMPTS:
                    raise DownloadError(f"downloading {url}: {error}, {ATTEMPTS} times; try again later") from error
        raise AssertionError(url)


def _read(url: str, target: Path | None) -> bytes:
    request = urllib.request.Request(url, headers={"User-Agent": "bareplane"})  # noqa: S310 -- URLs are the lock's or the user's
    with urllib.request.urlopen(request, timeout=STALL_SECONDS) as answer:  # noqa: S310
        if target is None:
            return answer.read()
        announced = answer.headers.get("Content-Length")
        with target.open("wb") as file:
            while block := answer.read(_BLOCK):
                file.write(block)
    written = target.stat().st_size
    if announced is not None and int(announced) != written:
        raise http.client.IncompleteRead(b"", int(announced) - written)
    return b""


def _first_hop(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    proxy = urllib.request.getproxies().get(parts.scheme)
    if proxy and parts.hostname and not urllib.request.proxy_bypass(parts.hostname):
        parts = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
    return parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)


def _answers(host: str, port: int) -> bool:
    """In a thread of its own, because resolving a name cannot be given a time limit."""
    connected = threading.Event()

    def connect() -> None:
        try:
            socket.create_connection((host, port), timeout=PROBE_SECONDS).close()
        except OSError:
            return
        connected.set()

    attempt = threading.Thread(target=connect, daemon=True)
    attempt.start()
    attempt.join(PROBE_SECONDS)
    return connected.is_set()
