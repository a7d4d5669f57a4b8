"""The agent's package: the same bytes each time, and loadable by any Python from 3.9 on."""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from bareplane_provider.transport.package import LOADER, NO_PYTHON, pack

MAIN = "def main(i, o):\n    o.write(b'said ' + i.readline())\n"


@pytest.fixture
def package(tmp_path: Path) -> Path:
    root = tmp_path / "bareplane_agent"
    (root / "deep").mkdir(parents=True)
    for path in (root / "__init__.py", root / "deep" / "__init__.py"):
        path.write_text("")
    (root / "main.py").write_text(MAIN)
    (root / "py.typed").touch()
    return root


def test_the_same_sources_make_the_same_bytes(package: Path) -> None:
    first = pack(package)
    for path in package.rglob("*.py"):
        path.touch()
    assert pack(package) == first


def test_it_begins_with_its_length_and_has_sources_and_bytecode(package: Path) -> None:
    packed = pack(package)
    assert int.from_bytes(packed[:8], "big") == len(packed) - 8
    names = zipfile.ZipFile(io.BytesIO(packed[8:])).namelist()
    assert "bareplane_agent/deep/__init__.py" in names
    assert "bareplane_agent/main.pyc" in names
    assert "bareplane_agent/py.typed" not in names


def test_the_loader_runs_it_on_the_rest_of_its_input(package: Path) -> None:
    command = [sys.executable, "-I", "-S", "-c", LOADER]
    done = subprocess.run(command, input=pack(package) + b"hello\n", capture_output=True, check=True)
    assert done.stdout == b"said hello\n"


def test_bytecode_of_another_python_is_ignored(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.MAGIC_NUMBER", b"\x00\x00\r\n")
    command = [sys.executable, "-I", "-S", "-c", LOADER]
    done = subprocess.run(command, input=pack(package) + b"hello\n", capture_output=True, check=True)
    assert done.stdout == b"said hello\n"


def test_an_old_python_says_which_it_is() -> None:
    old = "import sys; sys.version_info = (3, 7, 3); sys.version = '3.7.3 (default)'\n" + LOADER
    done = subprocess.run([sys.executable, "-c", old], input=b"", capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (NO_PYTHON, b"bareplane: python 3.7.3")
