"""A stack of the test's own, driven by a real Pulumi CLI on a file backend."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
CACHE = Path(os.environ.get("BAREPLANE_CACHE", Path.home() / ".cache" / "bareplane"))


def find_pulumi() -> Path | None:
    """The CLI on PATH, or the one bareplane built."""
    places = [CACHE / "toolchain", CACHE / "toolchain" / "bin", CACHE / "early"]
    path = os.pathsep.join([os.environ.get("PATH", ""), *map(str, places)])
    found = shutil.which("pulumi", path=path)
    return Path(found) if found else None


class Stack:
    def __init__(self, root: Path, pulumi: Path) -> None:
        self.root = root
        self.world = root / "world"
        self.world.mkdir()
        (root / "state").mkdir()
        self.project = root / "project"
        shutil.copytree(Path(__file__).parent / "project", self.project)
        self.pulumi = pulumi
        sources = [ROOT / name for name in ("provider", "components", "agent", "templates")]
        self.environment = {
            **os.environ,
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), str(pulumi.parent), os.environ["PATH"]]),
            "PYTHONPATH": os.pathsep.join(map(str, sources)),
            "PULUMI_BACKEND_URL": f"file://{root}/state",
            "PULUMI_CONFIG_PASSPHRASE": "test",
            "PULUMI_SKIP_UPDATE_CHECK": "1",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "PULUMI_HOME": str(root / "home"),
            "WORLD": str(self.world),
            "RESOURCES": str(root / "resources.json"),
        }
        self.run("stack", "init", "test")

    def resources(self, *resources: dict[str, Any]) -> None:
        (self.root / "resources.json").write_text(json.dumps(resources))

    def command(self, *arguments: str) -> Sequence[str]:
        return [str(self.pulumi), *arguments, "--non-interactive", "--color=never"]

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self.command(*arguments),
            cwd=self.project,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def run(self, *arguments: str, fails: bool = False) -> str:
        done = subprocess.run(
            self.command(*arguments),
            cwd=self.project,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
            check=False,
        )
        assert (done.returncode != 0) == fails, done.stdout
        return done.stdout

    def up(self, *resources: dict[str, Any], fails: bool = False) -> str:
        self.resources(*resources)
        return self.run("up", "--yes", "--skip-preview", fails=fails)

    def preview(self, *resources: dict[str, Any]) -> str:
        self.resources(*resources)
        return self.run("preview", "--diff")

    def state(self) -> dict[str, dict[str, Any]]:
        """The resources in the state file, by name."""
        text = (self.root / "state" / ".pulumi" / "stacks" / "plugin-test" / "test.json").read_text()
        found = json.loads(text)["checkpoint"]["latest"].get("resources", [])
        return {one["urn"].rpartition("::")[2]: one for one in found if "Thing" in one["type"]}

    def calls(self) -> list[list[Any]]:
        path = self.world / "calls"
        lines = path.read_text().splitlines() if path.exists() else []
        path.unlink(missing_ok=True)
        return [json.loads(line) for line in lines]

    def processes(self) -> list[int]:
        """Every process of this stack: engine, language host, program, plugin."""
        mark = f"WORLD={self.world}".encode()
        return [pid for pid, given in _read("environ") if mark in given.split(b"\0")]

    def plugins(self) -> list[int]:
        ours = set(self.processes())
        return [pid for pid, given in _read("cmdline") if pid in ours and b"pulumi-resource-testkinds" in given]

    def end(self) -> None:
        """An engine that a test killed leaves its language host behind."""
        for pid in self.processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def _read(name: str) -> Iterator[tuple[int, bytes]]:
    for path in Path("/proc").glob(f"[0-9]*/{name}"):
        with contextlib.suppress(OSError):
            yield int(path.parent.name), path.read_bytes()
