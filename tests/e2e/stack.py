"""A Pulumi stack of the test's own: the clone's program and plugin, with state and configuration elsewhere."""

from __future__ import annotations

import copy
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.e2e.servers import ROOT

PROJECT = "bareplane-stacks"
HELLO = {"name": "hello", "image": "bareplane.dev/hello:1", "replicas": 2, "port": 8080, "nodePort": 30080}


@dataclass(frozen=True)
class Outcome:
    """What a run of the engine did."""

    status: int
    seconds: float
    text: str
    changes: Mapping[str, int] = field(default_factory=dict)
    steps: Mapping[str, str] = field(default_factory=dict)
    """Operation by resource name; those that stay the same are left out."""
    differences: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Changed property paths by resource name."""


class Stack:
    """One stack in a project directory whose program and plugin are links to the clone's."""

    def __init__(self, root: Path, name: str, inventory: Path) -> None:
        self.root, self.name, self.inventory = root / name, name, inventory
        self.project, self.state = new_project(self.root), self.root / "state"
        self.state.mkdir()
        tools = subprocess.run(
            [sys.executable, "-m", "bareplane_provider.catalog", "toolchain-path"],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONPATH": source_roots()},
        ).stdout.strip()
        self.environment = {
            **os.environ,
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), tools, os.environ["PATH"]]),
            "VIRTUAL_ENV": sys.prefix,
            "PYTHONPATH": source_roots(),
            "PULUMI_BACKEND_URL": f"file://{self.state}",
            "PULUMI_CONFIG_PASSPHRASE": "only for tests",
            "PULUMI_HOME": str(self.root / "home"),
            "PULUMI_SKIP_UPDATE_CHECK": "1",
        }
        self.run("stack", "init", name)

    def clone(self, root: Path) -> Stack:
        """The same stack from another directory: its state is shared, its program, plugin and configuration are not."""
        other = copy.copy(self)
        other.root, other.project = root, new_project(root)
        shutil.copytree(self.project / "config", other.project / "config", dirs_exist_ok=True)
        other.run("stack", "select", self.name)
        return other

    def configure(
        self,
        control_planes: Sequence[str] = ("server-1",),
        workers: Sequence[str] = ("server-2", "server-3"),
        apps: Sequence[Mapping[str, Any]] = (HELLO,),
        model: str = "traditional",
        hosts: Sequence[Mapping[str, Any]] = (),
        **cluster: Any,
    ) -> None:
        """Write the stack's configuration; `cluster` overrides keys of it."""
        file = self.project / "config" / f"Pulumi.{self.name}.yaml"
        kept = yaml.safe_load(file.read_text()) or {}
        values = {
            "model": model,
            "inventory": str(self.inventory),
            "cluster": {
                "version": "1.36.3",
                "endpoint": "cluster.lab",
                "controlPlane": {"nodes": list(control_planes)},
                "workers": list(workers),
                "images": {"preload": ["pause", "coredns", "hello"]},
                **cluster,
            },
            "hosts": [dict(one) for one in hosts],
            "apps": [dict(one) for one in apps],
        }
        kept["config"] = {f"{PROJECT}:{key}": value for key, value in values.items()}
        file.write_text(yaml.safe_dump(kept, sort_keys=False))

    def command(self, *arguments: str) -> list[str]:
        return ["pulumi", "--cwd", str(self.project), *arguments, "--non-interactive", "--color=never"]

    def start(self, *arguments: str, output: Any = subprocess.PIPE) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self.command(*arguments),
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def run(self, *arguments: str, fails: bool = False) -> Outcome:
        began = time.monotonic()
        process = self.start(*arguments)
        try:
            text, _ = process.communicate(timeout=900)
        finally:
            if process.poll() is None:
                end_all_of(process.pid)
        outcome = read_outcome(process.returncode, time.monotonic() - began, text)
        assert (outcome.status != 0) == fails, f"pulumi {' '.join(arguments)}: {readable(text)}"
        return outcome

    def preview(self, *, fails: bool = False) -> Outcome:
        return self.run("preview", "--json", fails=fails)

    def up(self, *, fails: bool = False) -> Outcome:
        return self.run("up", "--yes", "--skip-preview", "--json", fails=fails)

    def refresh(self) -> Outcome:
        return self.run("refresh", "--yes", "--skip-preview", "--json")

    def destroy(self) -> Outcome:
        return self.run("destroy", "--yes", "--skip-preview", "--json")

    def recover(self, *options: str) -> subprocess.CompletedProcess[str]:
        """What `make recover` does: the command, with everything it says."""
        return bareplane("recover", self.name, "--project", str(self.project), *options, environment=self.environment)

    def output(self, name: str) -> str:
        return self.run("stack", "output", name, "--show-secrets").text.strip()

    def export(self, *, secrets: bool = False) -> dict[str, Any]:
        return json.loads(self.run("stack", "export", *(["--show-secrets"] if secrets else [])).text)


def new_project(root: Path) -> Path:
    project = root / "project"
    (project / "config").mkdir(parents=True)
    for folder in ("stacks", "provider"):
        (project / folder).symlink_to(ROOT / folder)
    document = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())
    (project / "Pulumi.yaml").write_text(yaml.safe_dump({**document, "stackConfigDir": "config"}))
    return project


def bareplane(*arguments: str, environment: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """The command line, with everything it says; nobody is there to answer it."""
    return subprocess.run(
        [sys.executable, "-m", "bareplane_cli", *arguments],
        env=environment or {**os.environ, "PYTHONPATH": source_roots()},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=600,
    )


def source_roots() -> str:
    return os.pathsep.join(str(ROOT / name) for name in ("components", "provider", "agent", "templates", "lab", "cli"))


def read_outcome(status: int, seconds: float, text: str) -> Outcome:
    """From `--json`: one document of a preview, or one event a line of everything else."""
    if text.startswith("{\n"):
        document = json.JSONDecoder().raw_decode(text)[0]
        steps = [(one["urn"], one["op"], one.get("detailedDiff")) for one in document.get("steps", [])]
        return outcome_of(status, seconds, text, document.get("changeSummary", {}), steps)
    changes: dict[str, int] = {}
    steps = []
    for line in text.splitlines():
        if not line.startswith('{"sequence"'):
            continue
        event = json.loads(line)
        changes = event.get("summaryEvent", {}).get("resourceChanges", changes)
        step = event.get("resourcePreEvent", {}).get("metadata")
        if step:
            steps.append((step["urn"], step["op"], step.get("detailedDiff")))
    return outcome_of(status, seconds, text, changes, steps)


def outcome_of(
    status: int, seconds: float, text: str, changes: Mapping[str, int], steps: Sequence[tuple[str, str, Any]]
) -> Outcome:
    named = [(urn.rsplit("::", 1)[1], op, diff) for urn, op, diff in steps if op not in ("same", "refresh", "read")]
    return Outcome(
        status,
        seconds,
        text,
        dict(changes),
        {name: op for name, op, _ in named},
        {name: sorted(diff) for name, _, diff in named if diff},
    )


def readable(text: str) -> str:
    """Without the events' bulk: what a user would be told."""
    said: list[str] = []
    for line in text.splitlines():
        if not line.startswith('{"sequence"'):
            said.append(line)
            continue
        diagnostic = json.loads(line).get("diagnosticEvent", {})
        if diagnostic and diagnostic.get("severity") != "debug":
            said.append(f"{diagnostic['severity']}: {diagnostic['message']}")
    return "\n".join(said)[-6000:]


def end_all_of(pid: int) -> None:
    """SIGKILL for a process this test started and for all below it: the engine, the program, the plugin."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
            except (FileNotFoundError, ProcessLookupError):
                continue
            children.setdefault(parent, []).append(int(entry.name))
    doomed, waiting = [], [pid]
    while waiting:
        one = waiting.pop()
        doomed.append(one)
        waiting += children.get(one, [])
    for one in doomed:
        try:
            os.kill(one, signal.SIGKILL)
        except ProcessLookupError:
            continue
