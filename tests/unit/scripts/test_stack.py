"""What `make down` does without a stack it can select, and which workers `make up SERVERS=…` sets."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.unit.scripts.conftest import ROOT

KEY = "bareplane-stacks:cluster.workers"


@pytest.fixture
def clone(stubs: Any, tmp_path: Path) -> Path:
    """A clone in which nothing but the script itself is real."""
    root = tmp_path / "clone"
    (root / "stacks").mkdir(parents=True)
    (root / ".lab").mkdir()
    (root / "scripts").mkdir()
    shutil.copy(ROOT / "scripts" / "stack.sh", root / "scripts")
    (root / "stacks" / "Pulumi.own.yaml").write_text("inventory: .lab/inventory.yaml\n")
    stubs.add("system-packages", path=root / "scripts" / "system-packages.sh")
    (root / "scripts" / "environment.sh").write_text("#!/bin/sh\n")
    (root / "scripts" / "environment.sh").chmod(0o755)
    stubs.add("kubectl")
    stubs.add("python", f'case "$*" in *kubectl) echo {stubs.folder}/kubectl;; esac', root / ".venv" / "bin" / "python")
    return root


def test_a_stack_that_is_not_there_is_named_and_the_lab_goes(stubs: Any, clone: Path) -> None:
    stubs.add("pulumi", "echo \"error: no stack named 'own' found\" >&2; exit 255")
    done = stubs.run(str(clone / "scripts" / "stack.sh"), "down", "own")
    assert done.returncode == 0, done.stderr
    assert "there is no stack own: nothing to destroy" in done.stdout
    assert [one for one in stubs.called("python") if "bareplane_lab down" in one]


@pytest.mark.parametrize("why", ["error: incorrect passphrase", "pulumi: not found"])
def test_a_stack_that_cannot_be_selected_keeps_its_servers(stubs: Any, clone: Path, why: str) -> None:
    stubs.add("pulumi", f"echo '{why}' >&2; exit 255")
    done = stubs.run(str(clone / "scripts" / "stack.sh"), "down", "own")
    assert done.returncode != 0
    assert f"stack own cannot be selected, and nothing was done: {why}" in done.stderr
    assert stubs.called("python") == []
    assert "all gone" not in done.stdout


@pytest.mark.parametrize(
    ("servers", "lab", "workers"),
    [("", 3, None), ("3", 3, None), ("1", 1, []), ("10", 10, [f"server-{n}" for n in range(2, 11)])],
)
def test_every_server_but_the_first_is_a_worker(
    stubs: Any, clone: Path, servers: str, lab: int, workers: list[str] | None
) -> None:
    stubs.add("pulumi", 'case "$*" in "config get"*) echo \'["server-1","server-2","server-3"]\';; esac')
    done = stubs.run(str(clone / "scripts" / "stack.sh"), "up", "own", servers, BAREPLANE_STATE=str(clone))
    assert done.returncode == 0, done.stderr
    assert f"python -m bareplane_lab up --servers {lab} --directory .lab" in stubs.called("python")
    said = "\n".join(stubs.called("pulumi"))
    assert (f"config rm --path {KEY}" in said) is (workers is not None)
    assert ("config set-all" in said) is bool(workers)
    for number, name in enumerate(workers or []):
        assert f"--plaintext {KEY}[{number}]={name}" in said
    assert (clone / "kubeconfig").exists()
