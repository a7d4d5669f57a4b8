"""sha256 of files, computed once per process for a file that has not changed."""

from __future__ import annotations

import hashlib
import threading
from pathlib import Path

from bareplane_provider.catalog.errors import ChecksumError

_Identity = tuple[int, int, int]
"""Size, modification time in ns, inode."""


def sha256_of(path: Path) -> str:
    """Reads the whole file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class Verifier:
    """Compares files with their sha256, each at least once in the life of this object."""

    def __init__(self) -> None:
        self._seen: dict[Path, tuple[_Identity, str]] = {}
        self._guard = threading.Lock()

    def check(self, path: Path, sha256: str, remedy: str) -> None:
        """Raises ChecksumError, ending in `remedy`, unless the file has that sha256."""
        with self._guard:
            status = path.stat()
            identity = (status.st_size, status.st_mtime_ns, status.st_ino)
            known = self._seen.get(path)
            if known is None or known[0] != identity:
                known = (identity, sha256_of(path))
                self._seen[path] = known
        if known[1] != sha256:
            raise ChecksumError(f"{path} should have sha256 {sha256} and has {known[1]}; it was refused; {remedy}")
