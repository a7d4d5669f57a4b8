"""The zstd copy of a file, made once, sent over SSH often."""

from __future__ import annotations

from pathlib import Path

import zstandard

LEVEL = 6
"""kubelet, 60 MB: level 3 gives 18.2 MB in 0.3 s, 6 gives 17.0 MB in 0.8 s, 9 gives 16.5 MB in 1.9 s."""


def compress(source: Path, target: Path) -> None:
    """Writes `source` as one zstd frame."""
    compressor = zstandard.ZstdCompressor(level=LEVEL, write_checksum=True, threads=-1)
    with source.open("rb") as plain, target.open("wb") as packed:
        compressor.copy_stream(plain, packed, size=source.stat().st_size)


def decompress(source: Path, target: Path) -> None:
    """Writes what `source` was made of. Raises zstandard.ZstdError when it is not whole."""
    with source.open("rb") as packed, target.open("wb") as plain:
        zstandard.ZstdDecompressor().copy_stream(packed, plain)


def compress_bytes(content: bytes) -> bytes:
    """The same for what is in memory; one thread, so that the result depends on the content alone."""
    return zstandard.ZstdCompressor(level=LEVEL, write_checksum=True).compress(content)
