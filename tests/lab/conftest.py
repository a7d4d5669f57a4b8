"""A lab of two servers for the tests that need real ones."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

LAB = Path(__file__).parents[2] / "lab"


@dataclass(frozen=True)
class Lab:
    """Drives one lab by its command line, as a user does."""

    directory: Path

    def call(self, *arguments: str, text: str = "", check: bool = True) -> subprocess.CompletedProcess[str]:
        action, *rest = arguments
        done = subprocess.run(
            [sys.executable, "-m", "bareplane_lab", action, "--directory", str(self.directory), *rest],
            input=text,
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
            env={**os.environ, "PYTHONPATH": str(LAB)},
        )
        assert not check or done.returncode == 0, f"{arguments}: {done.stdout}{done.stderr}"
        return done

    def on(self, server: str, script: str) -> str:
        """Output of a shell script run on a server over SSH; fails at the script's first error."""
        return self.call("ssh", server, "--", "bash -eu -s", text=script).stdout.strip()

    def servers(self) -> list[dict[str, str]]:
        return yaml.safe_load((self.directory / "inventory.yaml").read_text())["servers"]

    def containers(self) -> dict[str, str]:
        """Server name → when its container was started."""
        names = [line.split()[0] for line in self.call("status").stdout.splitlines() if line.startswith("server-")]
        return {name: self.on(name, "cut -d' ' -f22 /proc/1/stat; cat /etc/machine-id") for name in names}


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    one = Lab(tmp_path_factory.mktemp("lab"))
    one.call("up", "--servers", "2")
    yield one
    one.call("down")
