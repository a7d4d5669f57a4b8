"""Artifacts that are streamed to a machine: a file, perhaps with a compressed copy beside it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Encoding = Literal["none", "zstd"]
WORTH_UNPACKING = 0.9
"""An image's layers are packed already: what hardly shrinks is sent as it is, and the machine has nothing to unpack."""


@dataclass(frozen=True)
class Blob:
    """A local file known by the sha256 of its (uncompressed) content; `size` is that content's."""

    path: Path
    size: int
    compressed: Path | None = None

    def source(self, encoding: Encoding) -> tuple[Path, int, Encoding]:
        """What to send to a machine that can unpack `encoding`: the file, its length, how it is packed."""
        if encoding == "zstd" and self.compressed is not None:
            packed = self.compressed.stat().st_size
            if packed < WORTH_UNPACKING * self.size:
                return self.compressed, packed, "zstd"
        return self.path, self.path.stat().st_size, "none"
