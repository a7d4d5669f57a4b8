"""One `pulumi up` of the traditional stack in either form, in a copy of the project: the clone stays as it is."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import yaml

from bareplane_provider.catalog import default_catalog
from bareplane_provider.catalog.toolchain import folder
from bench.effort import reading
from bench.events import Step, Watcher
from bench.path import Link, critical_path, split
from bench.result import Result
from bench.servers import Servers

ROOT = Path(__file__).resolve().parent.parent
STACK = "bench"
FORMS = ("processes", "static-pods")
CONFIG = ROOT / "stacks" / "Pulumi.traditional.yaml"
KUBECTL = "/opt/bareplane/bin/kubectl --kubeconfig /etc/kubernetes/admin.conf"
ROLLED_OUT = (
    f"{KUBECTL} wait --for=condition=Ready nodes --all --timeout=300s >/dev/null && "
    f"{KUBECTL} rollout status -n kube-system deployment/coredns --timeout=300s >/dev/null && "
    f"{KUBECTL} rollout status deployment/hello --timeout=300s >/dev/null"
)


@dataclass(frozen=True)
class Project:
    """A directory with the project's files and a backend of its own."""

    directory: Path

    @property
    def environment(self) -> dict[str, str]:
        own = Path(sys.executable).parent
        return {
            **os.environ,
            "PATH": f"{own}:{folder(default_catalog())}:{os.environ['PATH']}",
            "VIRTUAL_ENV": str(own.parent),
            "PULUMI_BACKEND_URL": f"file://{self.directory / 'state'}",
            "PULUMI_CONFIG_PASSPHRASE": "bench",
            "PULUMI_SKIP_UPDATE_CHECK": "1",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            # The engine shows its event log's flag only to those who ask for it.
            "PULUMI_DEBUG_COMMANDS": "1",
        }

    def pulumi(self, *arguments: str) -> str:
        """What pulumi printed. Raises CalledProcessError."""
        argv = ["pulumi", *arguments, "--stack", STACK, "--cwd", str(self.directory), "--non-interactive"]
        environment = self.environment
        program = shutil.which("pulumi", path=environment["PATH"])
        done = subprocess.run(argv, executable=program, check=False, env=environment, text=True, capture_output=True)
        if done.returncode:
            sys.stderr.write(done.stdout[-8000:] + done.stderr[-8000:])
            done.check_returncode()
        return done.stdout


def project(directory: Path, inventory: Path, form: str) -> Project:
    """The project's copy, its stack made; not part of what is measured."""
    shutil.rmtree(directory, ignore_errors=True)
    (directory / "state").mkdir(parents=True)
    shutil.copytree(ROOT / "stacks", directory / "stacks", ignore=shutil.ignore_patterns("Pulumi.*", "__pycache__"))
    described = cast("dict[str, Any]", yaml.safe_load((ROOT / "Pulumi.yaml").read_text()))
    for plugin in described["plugins"]["providers"]:
        plugin["path"] = str(ROOT / plugin["path"])
    (directory / "Pulumi.yaml").write_text(yaml.safe_dump(described))
    config = cast("dict[str, Any]", yaml.safe_load(CONFIG.read_text()))
    values = cast("dict[str, Any]", config["config"])
    values["bareplane-stacks:inventory"] = str(inventory)
    values["bareplane-stacks:cluster"]["controlPlane"]["form"] = form
    (directory / "stacks" / f"Pulumi.{STACK}.yaml").write_text(yaml.safe_dump(config))
    made = Project(directory)
    made.pulumi("stack", "init")
    return made


def measure(directory: Path, servers: Servers, form: str) -> Result:
    """Seconds from the command's start until all nodes are Ready and CoreDNS and the app are rolled out."""
    made = project(directory, servers.inventory, form)
    log = directory / "events.json"
    effort = reading(servers)
    watcher = Watcher(log)
    began = time.monotonic()
    made.pulumi("up", "--yes", "--skip-preview", "--event-log", str(log))
    up = time.monotonic() - began
    servers.ssh(servers.control_plane, ROLLED_OUT)
    total = time.monotonic() - began
    computed = effort.since()
    steps = watcher.steps()
    path = critical_path(steps, dependencies(json.loads(made.pulumi("stack", "export"))))
    parts = split(path, up)
    parts["components"] += total - up
    return Result(f"pulumi up, {form}", total, computed, parts, lines(path, up, total), table(steps))


def dependencies(state: dict[str, Any]) -> dict[str, list[str]]:
    """What each resource of a kind waits for, by URN; components wait for nothing and are left out."""
    resources = cast("list[dict[str, Any]]", state["deployment"]["resources"])
    return {str(one["urn"]): list(one.get("dependencies", [])) for one in resources if one.get("custom")}


def lines(path: list[Link], up: float, total: float) -> list[str]:
    """The critical path, a line for each step."""
    shown = [
        f"{link.step.begun:6.1f} {link.step.ended - link.step.begun:5.1f}  {link.step.name}"
        + (f" (after a gap of {link.gap:.1f})" if link.gap >= 0.1 else "")
        for link in path
    ]
    return [*shown, f"{up:6.1f}        pulumi up ended", f"{total:6.1f}        rolled out"]


def table(steps: list[Step]) -> list[str]:
    """Every step with all it said."""
    shown: list[str] = []
    for step in sorted(steps, key=lambda one: one.begun):
        shown.append(f"{step.begun:7.2f} {step.ended:7.2f} {step.ended - step.begun:6.2f} {step.kind:18} {step.name}")
        shown += [f"           {when:7.2f}  {text[:110]}" for when, text in step.said]
    return shown
