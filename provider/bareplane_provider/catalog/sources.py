"""What every source of artifacts has in common: asked for something, it stages a file or says why it has none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from bareplane_provider.catalog.wanted import Wanted

Say = Callable[[str], None]


@dataclass(frozen=True)
class Staged:
    """A file in the staging directory, checked as far as its source can."""

    path: Path
    sha256: str
    version: str
    recipe: str
    origin: str


@dataclass(frozen=True)
class Missing:
    """The source does not have it; the next one is tried."""

    reason: str


class ArtifactSource(Protocol):
    """A mirror, upstream's hosts, or a build."""

    def get(self, wanted: Wanted, staging: Path, say: Say) -> Staged | Missing:
        """Stages the artifact. Raises ChecksumError for a file that is not what it should be."""
        ...
