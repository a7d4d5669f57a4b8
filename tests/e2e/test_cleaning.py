"""What is ours is shown and taken away without any Pulumi state."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import Figures, World
from tests.e2e.servers import differences
from tests.e2e.stack import HELLO, Stack, bareplane
from tests.e2e.test_preview import ONCE

NODES = ("server-1", "server-2")


@pytest.fixture(scope="module")
def lost(world: World, tmp_path_factory: pytest.TempPathFactory) -> Stack:
    """A cluster whose Pulumi state is gone."""
    stack = Stack(tmp_path_factory.mktemp("lost"), "lost", world.lab.inventory_file)
    stack.configure(workers=["server-2"], apps=[HELLO])
    try:
        stack.up()
    except AssertionError:
        stack.destroy()
        raise
    stack.state.rename(elsewhere(stack))
    return stack


def elsewhere(stack: Stack) -> Path:
    return stack.state.with_name("elsewhere")


def ledger(world: World, *servers: str) -> dict[str, list[dict[str, Any]]]:
    """What the command says is there, by server."""
    told = bareplane("ledger", *servers, "--inventory", str(world.lab.inventory_file), "--json")
    assert told.returncode == 0, told.stdout
    return {one["name"]: one["entries"] for one in json.loads(told.stdout)["servers"]}


def clean(world: World, *arguments: str) -> tuple[int, str]:
    told = bareplane("clean", *arguments, "--inventory", str(world.lab.inventory_file))
    return told.returncode, told.stdout


def test_the_ledger_lists_what_is_there_and_whose(lost: Stack, world: World) -> None:
    found = ledger(world)
    assert sorted(found) == world.lab.names
    assert {name for name, entries in found.items() if entries} == set(NODES)
    for name in NODES:
        assert {one["state"] for one in found[name]} == {"done"}
        assert {one["owner"].rsplit("/", 1)[0] for one in found[name]} == {"bareplane-stacks/lost"}
        assert f"{name}/machine" in {one["name"] for one in found[name]}
    assert any("etcd" in item for one in found["server-1"] for item in one["items"])
    # Servers by the stack's configuration, which needs no engine either.
    told = bareplane("ledger", "server-1", "server-3", "--stack", "lost", "--project", str(lost.project))
    assert told.returncode == 0, told.stdout
    assert f"entries of {found['server-1'][0]['owner']}" in told.stdout
    assert "server-3: nothing of ours is there" in told.stdout
    assert len(ONCE) < len([line for line in told.stdout.splitlines() if line.startswith("server-1/")])


def test_nothing_is_removed_unasked(lost: Stack, world: World) -> None:
    before = ledger(world)
    status, said = clean(world, *NODES)
    assert (status, "give --yes" in said) == (3, True), said
    status, said = clean(world, *NODES, "--yes", "--owner", "a/stranger/0")
    assert (status, "nothing to do" in said) == (0, True), said
    status, said = clean(world, "server-9", "--yes")
    assert (status, "there is no server 'server-9'" in said) == (1, True), said
    assert ledger(world) == before


def test_clean_takes_away_a_cluster_whose_state_is_lost(lost: Stack, world: World, figures: Figures) -> None:
    owner = ledger(world)["server-1"][0]["owner"]
    with figures.timed("clean of a control plane and a worker"):
        status, said = clean(world, *NODES, "--yes")
    assert status == 0, said
    assert owner in said
    assert differences(world.before, world.lab.inventories()) == []
    assert all(session.answers("still here") for session in world.held.values())
    assert set(map(len, ledger(world).values())) == {0}
    status, said = clean(world, *NODES, "--yes")
    assert (status, said.splitlines()[-1]) == (0, "nothing to do")


def test_a_state_found_again_can_be_destroyed(lost: Stack, world: World) -> None:
    elsewhere(lost).rename(lost.state)
    lost.destroy()
    assert lost.export()["deployment"].get("resources", []) == []
    assert differences(world.before, world.lab.inventories()) == []


def test_a_machine_at_work_is_not_cleaned(world: World) -> None:
    items = [
        {"type": "file", "path": "/etc/at-work", "content": ""},
        {"type": "command", "name": "work", "argv": ["sleep", "15"]},
    ]
    request = {"operation": "apply", "entry": "server-4/work", "owner": "some/body/1", "items": items, "deadline": 60}
    with ThreadPoolExecutor() as beside:
        work = beside.submit(world.lab.ask_agent, "server-4", request)
        while not ledger(world, "server-4")["server-4"]:
            time.sleep(0.1)
        status, said = clean(world, "server-4", "--yes")
        assert status == 3, said
        assert "this machine is locked by some/body/1 (apply server-4/work, process " in said
        assert work.result()["event"] == "result"
    status, said = clean(world, "server-4", "--yes")
    assert (status, said.splitlines()[-1]) == (0, "server-4: removed server-4/work")
    assert differences(world.before, world.lab.inventories(["server-4"])) == []


def test_a_server_that_does_not_answer_does_not_hide_the_others(world: World, tmp_path: Path) -> None:
    inventory = tmp_path / "inventory.yaml"
    entries = world.lab.entries()[:2]
    entries[0]["port"] = 9
    inventory.write_text(json.dumps({"servers": entries}))
    told = bareplane("ledger", "--inventory", str(inventory))
    assert told.returncode == 1
    assert "error: connecting to server-1 (" in told.stdout
    assert "server-2: nothing of ours is there" in told.stdout
    assert "Traceback" not in told.stdout
