"""Programs that stand in for those a script calls; each writes down how it was called."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


class Stubs:
    """A folder that comes first on PATH."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.calls = folder / "calls"
        self.calls.touch()

    def add(self, name: str, script: str = "", path: Path | None = None) -> None:
        file = path or self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f'#!/bin/sh\necho "{name} $*" >>{self.calls}\n{script}\n')
        file.chmod(0o755)

    def run(self, *argv: str, **environment: str) -> subprocess.CompletedProcess[str]:
        path = f"{self.folder}:{os.environ['PATH']}"
        return subprocess.run(
            argv,
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
            env={**os.environ, "PATH": path, **environment},
        )

    def called(self, name: str) -> list[str]:
        return [one for one in self.calls.read_text().splitlines() if one.startswith(f"{name} ")]


@pytest.fixture
def stubs(tmp_path: Path) -> Stubs:
    folder = tmp_path / "stubs"
    folder.mkdir()
    return Stubs(folder)
