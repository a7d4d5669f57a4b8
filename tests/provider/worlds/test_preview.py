"""What can be known without contact is told by a preview, all of it in one error; no machine is dialed."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.e2e.servers import Lab
from tests.e2e.stack import Stack
from tests.provider.worlds.listeners import listener


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Stack:
    folder = tmp_path_factory.mktemp("stacks")
    return Stack(folder, "worlds", folder / "inventory.yaml")


@pytest.fixture
def door() -> Iterator[int]:
    """A port where a server would be."""
    with listener("closing") as port:
        yield port


def told(stack: Stack) -> str:
    """The one error of a preview."""
    text = stack.run("preview", fails=True).text
    told = text[text.index("\nDiagnostics:") :]
    assert told.count("error:") == 1, text
    assert "error: the configuration cannot be used:" in told, text
    return told


def servers(lab: Lab, **changes: Any) -> list[dict[str, Any]]:
    return [{**one, **changes} for one in lab.entries()]


def test_configuration_errors_are_told_all_together_by_their_keys(lab: Lab, stack: Stack) -> None:
    entries = servers(lab)
    entries[2]["hostKey"] = entries[1]["hostKey"]
    del entries[1]["hostKey"]
    stack.inventory.write_text(yaml.safe_dump({"servers": entries}))
    stack.configure(
        control_planes=["server-1", "sever-2"],
        workers=["server-2", "server-9"],
        version="latest",
        network={"podSubnet": "10.96.0.0/16", "nodeMaks": 24},
        port=70000,
        metrics="perhaps",
        drainSecond=5,
    )
    text = told(stack)
    for words in (
        "cluster.version: 'latest': must be a full version",
        "cluster.network.nodeMaks: there is no such key; did you mean 'nodeMask'?",
        "cluster.network.serviceSubnet: '10.96.0.0/12': overlaps podSubnet 10.96.0.0/16",
        "cluster.port: 70000: must be at most 65535",
        "cluster.metrics: 'perhaps': must be true or false",
        "cluster.drainSecond: there is no such key; did you mean 'drainSeconds'?",
        "cluster.controlPlane.nodes: there is no server 'sever-2'; did you mean 'server-2'?",
        "2 members: etcd gains nothing from an even number",
        "cluster.workers: there is no server 'server-9'",
        "inventory.yaml: servers.server-2.hostKey: is missing",
    ):
        assert words in text, text
    assert len(re.findall(r"\n +- ", text)) == 10, text


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "there is no such file"),
        ("servers: [", "cannot be read as YAML"),
        ("", "is empty; it must have a list `servers:`"),
        ("- server-1\n", "has no list `servers:`, but ['server-1']"),
        ("servers: server-1\n", "has no list `servers:`"),
        ("severs: []\n", "severs: there is no such key; did you mean 'servers'?"),
        ("servers: [server-1]\n", "inventory.yaml: servers.0: 'server-1': must hold keys with values"),
        ("servers: [{name: server-1, address: 10.0.0.1, port: many}]\n", "servers.server-1.port: 'many': must be a"),
    ],
)
def test_a_bad_inventory_is_told(stack: Stack, content: str | None, words: str) -> None:
    stack.inventory.unlink(missing_ok=True)
    if content is not None:
        stack.inventory.write_text(content)
    stack.configure(workers=[], apps=[])
    assert words in told(stack)


def test_a_server_listed_twice_is_told(lab: Lab, stack: Stack) -> None:
    first, second = servers(lab)[:2]
    again = {**first, "name": "server-2"}
    stack.inventory.write_text(yaml.safe_dump({"servers": [first, again, second]}))
    stack.configure(workers=["server-2"], apps=[])
    text = told(stack)
    assert "servers: the name 'server-2' is given to more than one server" in text
    assert "server-2.hostKey: " in text
    assert "server-1 has the same; if it is the same server take one out" in text
    assert "another node has it too" in text


def test_key_files_are_looked_at(stack: Stack, lab: Lab, tmp_path: Path, door: int) -> None:
    first, second, third = servers(lab, address="127.0.0.1", port=door)
    locked, readable_key = tmp_path / "locked", tmp_path / "readable"
    for path, passphrase in ((locked, "words"), (readable_key, "")):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-f", str(path)], check=True)
    readable_key.chmod(0o644)
    first["identityFile"], second["identityFile"] = str(locked), str(readable_key)
    second["address"], third["address"], third["identityFile"] = "127.0.0.2", "127.0.0.3", str(tmp_path / "absent")
    stack.inventory.write_text(yaml.safe_dump({"servers": [first, second, third]}))
    stack.configure(apps=[])
    text = told(stack)
    assert f"server-1.identityFile: '{locked}' is protected by a passphrase" in text
    assert f"server-2.identityFile: '{readable_key}' may be read by others (mode 0644)" in text
    assert f"server-3.identityFile: '{tmp_path / 'absent'}' cannot be read" in text


def test_what_the_catalog_does_not_have_is_told(lab: Lab, stack: Stack) -> None:
    stack.inventory.write_text(yaml.safe_dump({"servers": servers(lab)}))
    stack.configure(version="1.36.9", apps=[])
    assert "the catalog has no kubeadm 1.36.9; it has 1.36.3" in stack.run("preview", fails=True).text
    stack.configure(images={"preload": ["pauze"]}, apps=[])
    text = stack.run("preview", fails=True).text
    assert "the catalog has no image 'pauze'; it has " in text
    assert "did you mean 'pause'?" in text


def test_nothing_was_made(stack: Stack) -> None:
    deployment = json.loads(stack.run("stack", "export").text)["deployment"]
    assert deployment.get("resources", []) == []
