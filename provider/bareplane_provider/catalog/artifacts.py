"""What the catalog hands out: verified files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Artifact:
    """A program, verified against its sha256. `compressed` is the same file as a zstd frame, for transfer."""

    name: str
    version: str
    path: Path
    sha256: str
    size: int
    compressed: Path
    compressed_sha256: str
    compressed_size: int


@dataclass(frozen=True)
class Image:
    """A container image as an OCI archive that `ctr -n k8s.io images import` names `reference`."""

    name: str
    reference: str
    digest: str
    """Of the manifest, `sha256:…`."""
    archive: Path
    sha256: str
    size: int
    compressed: Path
    compressed_sha256: str
    compressed_size: int
    pulled_from: str | None
    """Upstream's reference, for machines that reach its registry."""
