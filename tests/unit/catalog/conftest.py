"""A small lock, a network that is a dict, and a build that writes a file: nothing real is needed."""

from __future__ import annotations

import hashlib
import io
import tarfile
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bareplane_provider.catalog import wanted as wanted_module
from bareplane_provider.catalog.cache import Cache
from bareplane_provider.catalog.errors import DownloadError
from bareplane_provider.catalog.lock import Lock, parse_lock
from bareplane_provider.catalog.mirror import Mirror, open_shelf
from bareplane_provider.catalog.obtain import Catalog
from bareplane_provider.catalog.sources import ArtifactSource, Missing, Say, Staged
from bareplane_provider.catalog.upstream import Upstream
from bareplane_provider.catalog.wanted import Wanted

LOCK = """{
  "format": 1,
  "sources": {
    "plain": {"versions": ["2.0", "1.0"], "url": "https://up.test/{version}/{arch}/{name}", "checksums": "{url}.sha256",
              "build": {"module": "plain"}},
    "packed": {"versions": ["3.0"], "url": "https://up.test/packed-{version}-{arch}.tgz",
               "checksums": "https://up.test/SUMS", "arch_names": {"amd64": "x64"}, "build": {"module": "packed"}}
  },
  "programs": {
    "plain": {"source": "plain", "groups": ["traditional"], "package": "example.test/plain"},
    "left": {"source": "packed", "groups": ["traditional"], "member": "packed-{version}/left",
             "package": "example.test/left"},
    "right": {"source": "packed", "groups": ["toolchain"], "member": "packed-{version}/right",
              "package": "example.test/right"}
  },
  "images": {
    "plain": {"groups": ["traditional"], "reference": "example.test/plain:2.0", "program": "plain", "user": "1:1"}
  },
  "pins": {}
}"""


@dataclass
class FakeWeb:
    """Has what its files name; every call is noted."""

    files: dict[str, bytes] = field(default_factory=dict[str, bytes])
    up: bool = True
    broken: bool = False
    probes: int = 0
    downloads: list[str] = field(default_factory=list[str])

    def reachable(self, url: str) -> bool:
        self.probes += 1
        return self.up

    def text(self, url: str) -> str | None:
        content = self.files.get(url)
        return None if content is None else content.decode()

    def download(self, url: str, target: Path) -> bool:
        self.downloads.append(url)
        if self.broken:
            raise DownloadError(f"downloading {url}: reset")
        if url not in self.files:
            return False
        target.write_bytes(self.files[url])
        return True


@dataclass
class FakeBuild:
    """Builds anything at once."""

    built: list[str] = field(default_factory=list[str])
    able: bool = True
    content: bytes = b"built"

    def get(self, wanted: Wanted, staging: Path, say: Say) -> Staged | Missing:
        if not self.able:
            return Missing("no build")
        self.built.append(wanted.key)
        path = staging / wanted.name
        path.write_bytes(self.content)
        return Staged(path, hashlib.sha256(self.content).hexdigest(), wanted.version, wanted.build_recipe, "built")


@dataclass
class World:
    """One user: a cache, maybe a mirror, upstream, and a build."""

    root: Path
    web: FakeWeb = field(default_factory=FakeWeb)
    build: FakeBuild = field(default_factory=FakeBuild)
    mirror: str | None = None
    pins: dict[str, str] = field(default_factory=dict[str, str])
    said: list[str] = field(default_factory=list[str])

    @property
    def lock(self) -> Lock:
        lock = parse_lock(LOCK)
        return Lock(lock.format, lock.sources, lock.programs, lock.images, self.pins)

    @property
    def cache(self) -> Path:
        return self.root / "cache"

    def catalog(self) -> Catalog:
        """As a new process would see it."""
        cache = Cache(self.cache)
        mirror = Mirror(open_shelf(self.mirror, self.web), self.mirror) if self.mirror else None
        sources: list[ArtifactSource] = [mirror] if mirror else []
        return Catalog(self.lock, cache, [*sources, Upstream(cache, self.web), self.build], mirror)

    def publish(self, name: str = "plain", content: bytes = b"upstream", version: str = "2.0") -> str:
        """Puts a program and its checksum upstream."""
        url = f"https://up.test/{version}/amd64/{name}"
        self.web.files[url] = content
        self.web.files[f"{url}.sha256"] = hashlib.sha256(content).hexdigest().encode()
        return url

    def publish_archive(self, members: dict[str, bytes]) -> str:
        """Puts an archive and its line in a checksum file upstream."""
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
            for name, content in members.items():
                entry = tarfile.TarInfo(name)
                entry.size = len(content)
                tar.addfile(entry, io.BytesIO(content))
        url = "https://up.test/packed-3.0-x64.tgz"
        self.web.files[url] = buffer.getvalue()
        digest = hashlib.sha256(buffer.getvalue()).hexdigest()
        self.web.files["https://up.test/SUMS"] = f"{'0' * 64}  other.tgz\n{digest}  packed-3.0-x64.tgz\n".encode()
        return url


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    modules = tmp_path / "modules"
    for name in ("plain", "packed"):
        (modules / name).mkdir(parents=True)
        (modules / name / "go.mod").write_text(f"module example.test/{name}\n\ngo 1.26\n")
    monkeypatch.setattr(wanted_module, "MODULES", modules)
    return World(tmp_path)


def flip(path: Path) -> None:
    """Changes one bit in the middle of a file."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.fixture(name="flip")
def flip_fixture():
    return flip
