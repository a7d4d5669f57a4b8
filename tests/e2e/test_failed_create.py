"""A create that failed is destroyed at once: nothing is left."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.conftest import World
from tests.e2e.servers import differences
from tests.e2e.stack import Stack, readable

# Too little for the programs of a node, of which some fit.
FULL = "mount -t tmpfs -o size=150m,mode=755 full /opt"
SERVERS = ("server-3", "server-4")


@pytest.fixture
def full_disk(world: World) -> Iterator[None]:
    world.lab.on("server-4", FULL)
    yield
    world.lab.on("server-4", "umount /opt")


@pytest.mark.usefixtures("full_disk")
def test_a_failed_create_destroyed_at_once_leaves_nothing(world: World, tmp_path: Path) -> None:
    before = world.lab.inventories(SERVERS)
    stack = Stack(tmp_path, "failing", world.lab.inventory_file)
    stack.configure(control_planes=["server-4"], workers=["server-3"], apps=[])
    outcome = stack.up(fails=True)
    said = readable(outcome.text)
    assert "server-4: Binaries: " in said, said
    assert "No space left on device" in said, said
    made = {one["name"] for one in world.lab.ask_agent("server-4", {"operation": "entries"})["entries"]}
    assert "server-4/binaries" in made
    stack.destroy()
    assert stack.export()["deployment"].get("resources", []) == []
    assert differences(before, world.lab.inventories(SERVERS)) == []
