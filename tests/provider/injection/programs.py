"""The real programs on the other side of a boundary."""

from __future__ import annotations

import functools
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from bareplane_provider import catalog


@functools.cache
def program(name: str) -> str:
    """A program of the catalog, for this computer."""
    arch = {"x86_64": "amd64", "aarch64": "arm64"}[os.uname().machine]
    return str(catalog.obtain(name, arch).path)


def output(*argv: str, stdin: str = "", environment: Mapping[str, str] | None = None) -> str:
    """What a program that has to succeed prints."""
    done = subprocess.run(
        argv,
        input=stdin.encode(),
        capture_output=True,
        check=False,
        timeout=120,
        env={**os.environ, **(environment or {})},
    )
    assert done.returncode == 0, f"{Path(argv[0]).name}: {done.stderr.decode(errors='replace')[-2000:]}"
    return done.stdout.decode()
