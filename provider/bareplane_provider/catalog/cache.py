"""The cache, outside any clone: files by sha256, a zstd copy of each beside it, and a record per artifact.

records/<name>-<version>-<arch>.json    sha256/<hex>    sha256/<hex>.zst
downloads/  verified archives           locks/          staging/
"""

from __future__ import annotations

import fcntl
import os
import shutil
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from bareplane_provider.catalog.compress import compress
from bareplane_provider.catalog.digest import Verifier, sha256_of
from bareplane_provider.catalog.records import Record, Records

Say = Callable[[str], None]


def cache_root() -> Path:
    """`BAREPLANE_CACHE`, or `bareplane` in the user's cache directory."""
    chosen = os.environ.get("BAREPLANE_CACHE")
    if chosen:
        return Path(chosen).expanduser().absolute()
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "bareplane"


class Cache:
    """Reads and writes one cache directory; several processes may use it at once."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.records = Records(root / "records")
        self._verifier = Verifier()

    def object(self, sha256: str) -> Path:
        """Where the file with that sha256 stands."""
        return self.root / "sha256" / sha256

    def compressed(self, sha256: str) -> Path:
        """Where its zstd copy stands."""
        return self.root / "sha256" / f"{sha256}.zst"

    def find(self, key: str, recipes: frozenset[str]) -> Record | None:
        """The record of `key` if it was made by one of the recipes and its file is there; not verified."""
        record = self.records.find(key)
        if record is None or record.recipe not in recipes or not self.object(record.sha256).is_file():
            return None
        return record

    def verify(self, key: str, record: Record) -> None:
        """Compares both files of the record with their sha256; raises ChecksumError."""
        path, compressed = self.object(record.sha256), self.compressed(record.sha256)
        remedy = f"to get it again, delete {path} and {compressed} and run the command again"
        self._verifier.check(path, record.sha256, f"{remedy} (record {self.records.path(key)})")
        if not compressed.is_file():
            self._recompress(key, record)
            return
        self._verifier.check(
            compressed, record.compressed_sha256, f"to make it again, delete {compressed} and run the command again"
        )

    def land(self, key: str, staged: Path, record: Record) -> Record:
        """Moves a staged file whose sha256 is `record.sha256` to its place, compresses it, and records it."""
        path = self.object(record.sha256)
        path.parent.mkdir(parents=True, exist_ok=True)
        staged.chmod(0o755 if record.executable else 0o644)
        staged.replace(path)
        return self._recompress(key, record)

    @contextmanager
    def staging(self, key: str) -> Generator[Path, None, None]:
        """An empty directory on the cache's file system, for whoever holds the lock of `key`."""
        folder = self.root / "staging" / key
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    @contextmanager
    def locked(self, key: str, say: Say) -> Generator[None, None, None]:
        """Keeps other processes and threads from getting `key` at the same time."""
        path = self.root / "locks" / f"{key}.lock"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                say(f"{key}: waiting, another process is getting it")
                fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _recompress(self, key: str, record: Record) -> Record:
        compressed = self.compressed(record.sha256)
        unfinished = compressed.with_name(f".{compressed.name}.{os.getpid()}.{threading.get_ident()}")
        compress(self.object(record.sha256), unfinished)
        complete = replace(record, compressed_sha256=sha256_of(unfinished), compressed_size=unfinished.stat().st_size)
        unfinished.replace(compressed)
        self.records.write(key, complete)
        return complete
