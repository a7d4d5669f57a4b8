"""What is wrong is refused with its reason, and nothing is made."""

from __future__ import annotations

from pathlib import Path

import yaml

from tests.e2e.conftest import World
from tests.e2e.servers import differences
from tests.e2e.stack import Stack, readable


def test_configuration_errors_are_reported_all_together_by_their_keys(world: World, tmp_path: Path) -> None:
    stack = Stack(tmp_path, "wrong", world.lab.inventory_file)
    stack.configure(
        control_planes=["server-1", "server-9"],
        workers=["server-2"],
        version="latest",
        network={"podSubnet": "10.96.0.0/16", "nodeMaks": 24},
        port=70000,
    )
    text = readable(stack.preview(fails=True).text)
    for said in ("cluster.version", "cluster.network.nodeMaks", "did you mean 'nodeMask'", "cluster.port"):
        assert said in text, text
    stack.configure(workers=["server-2", "server-8"], network={"podSubnet": "10.96.0.0/16"})
    text = readable(stack.preview(fails=True).text)
    assert "overlap" in text
    stack.configure(control_planes=["server-7"], workers=["server-2", "server-8"])
    text = readable(stack.preview(fails=True).text)
    assert "server-7" in text
    assert "server-8" in text


def test_a_wrong_host_key_is_refused_and_nothing_is_made(world: World, tmp_path: Path) -> None:
    servers = world.lab.entries()
    keys = {one["name"]: one["hostKey"] for one in servers}
    servers[3]["hostKey"] = keys["server-3"]
    inventory = tmp_path / "inventory.yaml"
    inventory.write_text(yaml.safe_dump({"servers": servers}))
    stack = Stack(tmp_path, "key", inventory)
    stack.configure(control_planes=["server-4"], workers=[], apps=[])
    outcome = stack.up(fails=True)
    said = readable(outcome.text)
    assert "server-4" in said
    assert "host key" in said
    assert differences(world.before, world.lab.inventories(["server-4"])) == []
    stack.destroy()
