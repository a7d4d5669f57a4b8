"""A mirror is a copy of a cache directory: `records/` and `sha256/`, in a directory or behind a URL.

Of each file in `sha256/` its zstd copy (`<hex>.zst`) is enough, and taken first: it is a third of the size.

`BAREPLANE_MIRROR=/srv/bareplane` or `BAREPLANE_MIRROR=https://mirror.example/bareplane`.
To make one, copy a filled cache.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from zstandard import ZstdError

from bareplane_provider.catalog.compress import decompress
from bareplane_provider.catalog.digest import sha256_of
from bareplane_provider.catalog.errors import ChecksumError, MirrorError
from bareplane_provider.catalog.records import Record, parse_record
from bareplane_provider.catalog.sources import Missing, Say, Staged
from bareplane_provider.catalog.wanted import Wanted
from bareplane_provider.catalog.web import Web


class Shelf(Protocol):
    """Reads a mirror, wherever it is."""

    def read(self, name: str) -> bytes | None:
        """A small file, or None."""
        ...

    def copy(self, name: str, target: Path) -> bool:
        """Copies a file; False if it is not there."""
        ...


@dataclass(frozen=True)
class DirectoryShelf:
    """A mirror in a directory."""

    root: Path

    def read(self, name: str) -> bytes | None:
        path = self._checked() / name
        return path.read_bytes() if path.is_file() else None

    def copy(self, name: str, target: Path) -> bool:
        path = self._checked() / name
        if not path.is_file():
            return False
        shutil.copyfile(path, target)
        return True

    def _checked(self) -> Path:
        if not self.root.is_dir():
            raise MirrorError(f"the mirror {self.root} is not a directory; correct BAREPLANE_MIRROR or unset it")
        return self.root


@dataclass(frozen=True)
class WebShelf:
    """A mirror behind a URL."""

    base: str
    web: Web

    def read(self, name: str) -> bytes | None:
        text = self.web.text(self._url(name))
        return None if text is None else text.encode()

    def copy(self, name: str, target: Path) -> bool:
        return self.web.download(self._url(name), target)

    def _url(self, name: str) -> str:
        if not self.web.reachable(self.base):
            raise MirrorError(f"the mirror {self.base} cannot be reached; correct BAREPLANE_MIRROR or unset it")
        return f"{self.base.rstrip('/')}/{name}"


def open_shelf(place: str, web: Web) -> Shelf:
    """The mirror that the user named, a URL or a directory."""
    if urlsplit(place).scheme in {"http", "https"}:
        return WebShelf(place, web)
    return DirectoryShelf(Path(place.removeprefix("file://")).expanduser())


class Mirror:
    """Serves what was downloaded or built elsewhere, if this bareplane would have made the same."""

    def __init__(self, shelf: Shelf, place: str) -> None:
        self._shelf = shelf
        self._place = place

    def get(self, wanted: Wanted, staging: Path, say: Say) -> Staged | Missing:
        record = self.fetch(wanted.key, wanted.title, wanted.recipes, staging / wanted.name, say)
        if isinstance(record, Missing):
            return record
        downloaded_whole = record.recipe == wanted.download_recipe and wanted.member is None
        if downloaded_whole and wanted.pinned not in {None, record.sha256}:
            raise ChecksumError(
                f"{wanted.title}: {self._place} has sha256 {record.sha256}, the catalog's lock says {wanted.pinned}; "
                "it was refused; fill the mirror again, or unset BAREPLANE_MIRROR"
            )
        origin = f"{self._place} ({record.origin})"
        return Staged(staging / wanted.name, record.sha256, record.version, record.recipe, origin)

    def fetch(self, key: str, title: str, recipes: frozenset[str], target: Path, say: Say) -> Record | Missing:
        """Copies what the record of `key` names to `target`; raises ChecksumError if it is something else."""
        name = f"records/{key}.json"
        text = self._shelf.read(name)
        if text is None:
            return Missing(f"the mirror {self._place} does not have it")
        record = parse_record(text, f"{self._place}/{name}")
        if record.recipe not in recipes:
            return Missing(f"the mirror {self._place} has it from another recipe")
        say(f"{title}: copying from {self._place}")
        if not self._copy(record.sha256, target):
            return Missing(f"the mirror {self._place} has its record, but not sha256/{record.sha256}")
        found = sha256_of(target)
        if found != record.sha256:
            raise ChecksumError(
                f"{title}: {self._place}/sha256/{record.sha256} has sha256 {found}; it was refused; "
                "replace that file in the mirror, or unset BAREPLANE_MIRROR"
            )
        return record

    def _copy(self, sha256: str, target: Path) -> bool:
        packed = target.with_name(f"{target.name}.zst")
        if not self._shelf.copy(f"sha256/{sha256}.zst", packed):
            return self._shelf.copy(f"sha256/{sha256}", target)
        try:
            decompress(packed, target)
        except ZstdError as error:
            raise ChecksumError(
                f"{self._place}/sha256/{sha256}.zst cannot be unpacked ({error}); it was refused; replace that file in "
                "the mirror, or unset BAREPLANE_MIRROR"
            ) from error
        finally:
            packed.unlink()
        return True
