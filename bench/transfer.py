"""`python -m bench --only transfer`: images on their way to servers, beside `cat` over OpenSSH.

What is sent are the archives of the catalog's images, to one server and to all of them at once: by the agent's upload
(checked by sha256 on both ends, written to disk, compressed where the server can unpack it) and by `cat`. Then the same
upload again: what a server holds is not sent a second time.
"""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, cast

import yaml

from bareplane_provider import catalog
from bareplane_provider.transport.blob import Blob, Encoding
from bareplane_provider.transport.connection import parse_connection
from bareplane_provider.transport.pool import Pool
from bench import servers
from bench.servers import Servers

IMAGES = ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "etcd", "coredns")
FOLDER = "/var/lib/bench"
OWNER = "bench/transfer"


@dataclass(frozen=True)
class Way:
    """One way of sending, and how long each round of it took, in seconds."""

    what: str
    servers: int
    seconds: Sequence[float]

    def line(self, megabytes: float) -> str:
        took = median(self.seconds)
        spread = f"{min(self.seconds):.2f} to {max(self.seconds):.2f}"
        rate = megabytes * self.servers / took
        return f"{self.what:30} to {self.servers}: {took:6.2f} s ({spread}), {rate:5.0f} MB/s of content"


def run(rounds: int) -> None:
    """Measure all ways in turn and print them."""
    images = [catalog.obtain_image(name, "amd64") for name in IMAGES]
    megabytes = sum(one.size for one in images) / 1e6
    packed = sum(one.compressed_size for one in images) / 1e6
    with tempfile.TemporaryDirectory(prefix="bareplane-bench-") as directory:
        try:
            made = servers.fresh(Path(directory) / "lab")
            print(f"{len(images)} images, {megabytes:.0f} MB, {packed:.0f} MB compressed; {rounds} rounds, medians")
            for way in measure(made, images, rounds):
                print(way.line(megabytes))
        finally:
            servers.remove(Path(directory) / "lab")


def measure(made: Servers, images: Sequence[catalog.Image], rounds: int) -> list[Way]:
    """Every way, one after another within a round, so that what else the computer does meets all of them."""
    names = list(made.addresses)
    taken: dict[tuple[str, int], list[float]] = {}
    pool = Pool()
    try:
        uploads = Uploads(pool, made, images)
        ways: list[tuple[str, Callable[[str], None]]] = [
            ("upload, compressed", lambda name: uploads.send(name, "zstd")),
            ("the same again: all is there", lambda name: uploads.send(name, "zstd")),
            ("upload, as it is", lambda name: uploads.send(name, "none")),
            ("cat over OpenSSH", lambda name: cat(made, name, [one.archive for one in images])),
        ]
        for name in names:
            uploads.connect(name)
        for _ in range(rounds):
            for chosen in (names[:1], names):
                for what, send in ways:
                    if "again" not in what:
                        for name in chosen:
                            uploads.forget(name)
                    taken.setdefault((what, len(chosen)), []).append(timed(send, chosen))
    finally:
        pool.close()
    return [Way(what, count, seconds) for (what, count), seconds in taken.items()]


def timed(send: Callable[[str], None], names: Sequence[str]) -> float:
    began = time.monotonic()
    with ThreadPoolExecutor(len(names)) as threads:
        list(threads.map(send, names))
    return time.monotonic() - began


class Uploads:
    """The provider's own way: one request to the agent with all that a server should hold."""

    def __init__(self, pool: Pool, made: Servers, images: Sequence[catalog.Image]) -> None:
        document = cast("dict[str, Any]", yaml.safe_load(made.inventory.read_text()))
        self._sessions = {
            str(one["name"]): pool.session(parse_connection(one), lambda text: None, print)
            for one in document["servers"]
        }
        self._blobs = {one.sha256: Blob(one.archive, one.size, one.compressed) for one in images}
        self._items = [
            {"type": "directory", "path": FOLDER, "tree": True},
            *({"type": "file", "path": f"{FOLDER}/{one.name}", "upload": one.sha256} for one in images),
        ]

    def connect(self, name: str) -> None:
        self._sessions[name].run(["true"])

    def send(self, name: str, encoding: Encoding) -> None:
        request = {"operation": "apply", "entry": f"{name}/images", "owner": OWNER, "items": self._items}
        self._sessions[name].agent(request, self._blobs, encoding=encoding)

    def forget(self, name: str) -> None:
        self._sessions[name].agent({"operation": "remove", "entry": f"{name}/images", "owner": OWNER})
        self._sessions[name].run(["rm", "-rf", f"{FOLDER}.cat"])


def cat(made: Servers, name: str, archives: Sequence[Path]) -> None:
    """All archives through one OpenSSH connection; raises CalledProcessError."""
    command = f"mkdir -p {FOLDER}.cat && cat >{FOLDER}.cat/images"
    argv = [*made.login(made.addresses[name]), command]
    with subprocess.Popen(["cat", *map(str, archives)], stdout=subprocess.PIPE) as source:
        subprocess.run(argv, stdin=source.stdout, check=True, timeout=600)
