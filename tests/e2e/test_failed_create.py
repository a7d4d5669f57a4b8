"""A create that failed is destroyed at once: nothing is left."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.e2e.conftest import World
from tests.e2e.servers import differences
from tests.e2e.stack import Stack, readable

MOUNT = "mount -t tmpfs -o size=900m,mode=755 disk /opt"
SIZE = "mount -o remount,size={size}m /opt"
# What is looked at first is enough; once the programs of a node begin to arrive, it is not.
SHRINK = f"until test -d /opt/bareplane; do sleep 0.02; done; {SIZE.format(size=100)}"
SERVERS = ("server-3", "server-4")


@pytest.fixture
def own_disk(world: World) -> Iterator[None]:
    """A disk of its own for what is installed."""
    world.lab.on("server-4", MOUNT)
    yield
    world.lab.on("server-4", "umount /opt")


@pytest.mark.usefixtures("own_disk")
def test_a_failed_create_destroyed_at_once_leaves_nothing(world: World, tmp_path: Path) -> None:
    before = world.lab.inventories(SERVERS)
    stack = Stack(tmp_path, "failing", world.lab.inventory_file)
    stack.configure(control_planes=["server-4"], workers=["server-3"], apps=[])
    with ThreadPoolExecutor() as beside:
        shrunk = beside.submit(world.lab.on, "server-4", SHRINK)
        outcome = stack.up(fails=True)
        shrunk.result()
    said = readable(outcome.text)
    assert "server-4: Binaries: " in said, said
    assert "No space left on device" in said, said
    made = {one["name"] for one in world.lab.ask_agent("server-4", {"operation": "entries"})["entries"]}
    assert {"server-4/machine", "server-4/binaries"} <= made
    stack.destroy()
    world.lab.on("server-4", SIZE.format(size=900))
    assert stack.export()["deployment"].get("resources", []) == []
    assert differences(before, world.lab.inventories(SERVERS)) == []
