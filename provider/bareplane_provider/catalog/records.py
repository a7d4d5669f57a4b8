"""What a cache knows of each artifact it holds: one small JSON file per artifact, version and architecture."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from bareplane_provider.catalog.errors import CatalogError


@dataclass(frozen=True)
class Record:
    """`recipe` says what this was made from, so that a lock that asks for something else is not served it."""

    name: str
    version: str
    arch: str
    sha256: str
    size: int
    compressed_sha256: str
    compressed_size: int
    recipe: str
    origin: str
    """Where it came from, in words."""
    seconds: float
    """How long it took to get."""
    executable: bool = True
    digest: str | None = None
    """Of an image's manifest."""


_RECORD = TypeAdapter(Record)


def parse_record(text: bytes, place: str) -> Record:
    """Reads a record that was found at `place`."""
    try:
        return _RECORD.validate_json(text)
    except ValidationError as error:
        raise CatalogError(
            f"the record {place} cannot be read: {error}; delete it and run the command again"
        ) from error


class Records:
    """The records of one cache."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, key: str) -> Path:
        """Where the record of `key` stands."""
        return self._folder / f"{key}.json"

    def find(self, key: str) -> Record | None:
        """The record of `key`, if there is one."""
        path = self.path(key)
        try:
            text = path.read_bytes()
        except FileNotFoundError:
            return None
        return parse_record(text, str(path))

    def write(self, key: str, record: Record) -> None:
        """Replaces the record of `key` at once."""
        self._folder.mkdir(parents=True, exist_ok=True)
        unfinished = self.path(f".{key}.{os.getpid()}")
        with unfinished.open("wb") as file:
            file.write(_RECORD.dump_json(record, indent=1) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(self.path(key))

    def keys(self) -> list[str]:
        """Of all records, sorted."""
        return sorted(path.stem for path in self._folder.glob("*.json") if not path.name.startswith("."))
