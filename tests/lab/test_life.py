"""Up, down, up again, after whatever happened in between."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from .conftest import LAB, Lab


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Lab]:
    """A lab that a test may break."""
    one = Lab(tmp_path / "lab")
    yield one
    one.call("down")


def docker(*arguments: str) -> str:
    return subprocess.run(["docker", *arguments], capture_output=True, text=True, check=True).stdout.strip()


def left(label: str) -> str:
    kinds = (("ps", "--all"), ("volume", "ls"), ("network", "ls"))
    return "".join(docker(*kind, "--quiet", "--filter", f"label={label}") for kind in kinds)


def label_of(lab: Lab) -> str:
    container = next(name for name in docker("ps", "--format", "{{.Names}}").split() if belongs(name, lab))
    return "bareplane.lab=" + docker("inspect", "--format", '{{index .Config.Labels "bareplane.lab"}}', container)


def belongs(container: str, lab: Lab) -> bool:
    address = lab.servers()[0]["address"]
    return address in docker(
        "inspect", "--format", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", container
    )


def test_second_up_leaves_servers_alone(lab: Lab) -> None:
    before, inventory = lab.containers(), (lab.directory / "inventory.yaml").read_text()
    lab.call("up", "--servers", "2")
    assert lab.containers() == before
    assert (lab.directory / "inventory.yaml").read_text() == inventory


def test_lab_grows_beside_another_and_goes_alone(lab: Lab, own: Lab) -> None:
    own.call("up", "--servers", "1")
    first = own.containers()
    own.call("up", "--servers", "2")
    grown = own.containers()
    assert list(grown) == ["server-1", "server-2"]
    assert grown["server-1"] == first["server-1"]
    addresses = {server["address"] for one in (lab, own) for server in one.servers()}
    assert len(addresses) == 4

    label, others = label_of(own), lab.containers()
    own.call("down")
    assert left(label) == ""
    assert not own.directory.exists()
    assert lab.containers() == others


def test_lost_directory_still_finds_its_servers(own: Lab) -> None:
    own.call("up", "--servers", "1")
    label, before = label_of(own), own.containers()
    shutil.rmtree(own.directory)
    own.call("up", "--servers", "1")
    assert label_of(own) == label
    assert own.containers() != before
    assert own.on("server-1", "hostname") == "server-1"


def test_stopped_server_is_started(own: Lab) -> None:
    own.call("up", "--servers", "1")
    name = docker("ps", "--filter", f"label={label_of(own)}", "--format", "{{.Names}}")
    machine = own.on("server-1", "cat /etc/machine-id")
    docker("kill", name)
    own.call("up", "--servers", "1")
    assert own.on("server-1", "cat /etc/machine-id") == machine


@pytest.mark.parametrize("seconds", [0.3, 0.9, 2.0])
def test_killed_up_converges(own: Lab, seconds: float) -> None:
    command = [sys.executable, "-m", "bareplane_lab", "up", "--directory", str(own.directory), "--servers", "2"]
    process = subprocess.Popen(
        command, env={**os.environ, "PYTHONPATH": str(LAB)}, stderr=subprocess.DEVNULL, start_new_session=True
    )
    time.sleep(seconds)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    own.call("up", "--servers", "2")
    assert [own.on(name, "hostname") for name in own.containers()] == ["server-1", "server-2"]


def test_down_without_a_lab_is_no_error(tmp_path: Path) -> None:
    Lab(tmp_path / "none").call("down")


def test_strangers_files_survive_down(own: Lab) -> None:
    own.call("up", "--servers", "1")
    (own.directory / "notes").write_text("mine")
    own.call("down")
    assert [file.name for file in own.directory.iterdir()] == ["notes"]
