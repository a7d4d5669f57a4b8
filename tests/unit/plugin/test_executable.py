"""The executable that Pulumi starts finds a Python, or says what is missing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

EXECUTABLE = Path(__file__).resolve().parents[3] / "provider" / "pulumi-resource-bareplane"
BASE = {"PATH": "/usr/bin:/bin"}


def test_without_an_engine_it_says_who_starts_it() -> None:
    environment = {**os.environ, "VIRTUAL_ENV": sys.prefix}
    done = subprocess.run([EXECUTABLE], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == "pulumi-resource-bareplane: Pulumi starts this program and gives it the engine's address\n"


def test_without_a_python_it_says_what_to_do(tmp_path: Path) -> None:
    alone = tmp_path / "provider" / "pulumi-resource-bareplane"
    alone.parent.mkdir()
    shutil.copy(EXECUTABLE, alone)
    done = subprocess.run([alone], env=BASE, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "no Python here has bareplane's packages" in done.stderr
    assert "make setup" in done.stderr


def test_it_answers_with_a_port(tmp_path: Path) -> None:
    environment = {**os.environ, "VIRTUAL_ENV": sys.prefix}
    link = tmp_path / "pulumi-resource-bareplane"
    link.symlink_to(EXECUTABLE)
    with subprocess.Popen([link, "127.0.0.1:1"], env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert 0 < int(process.stdout.readline()) < 65536
        process.terminate()
        assert process.wait(5) == 0
