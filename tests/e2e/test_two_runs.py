"""Two runs at once: one works, the other is refused and told by whom; the refused one leaves nothing."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.e2e.conftest import World
from tests.e2e.kubernetes import eventually
from tests.e2e.servers import differences
from tests.e2e.stack import Outcome, Stack, end_all_of, read_outcome, readable

ON: dict[str, Any] = {"control_planes": ["server-4"], "workers": [], "apps": []}
UP = ("up", "--yes", "--skip-preview", "--json")


@contextmanager
def running(stack: Stack, log: Path) -> Iterator[subprocess.Popen[str]]:
    """An `up` that goes on meanwhile."""
    with log.open("w") as output:
        process = stack.start(*UP, output=output)
        try:
            yield process
        finally:
            if process.poll() is None:
                end_all_of(process.pid)
                process.wait()


def ended(process: subprocess.Popen[str], log: Path) -> Outcome:
    status = process.wait(timeout=600)
    return read_outcome(status, 0, log.read_text())


def test_a_clone_with_the_same_backend_is_refused_and_told_who_holds_the_lock(world: World, tmp_path: Path) -> None:
    stack = Stack(tmp_path / "one", "shared", world.lab.inventory_file)
    stack.configure(**ON)
    other = stack.clone(tmp_path / "two")
    log = tmp_path / "log"
    with running(stack, log) as process:
        eventually(lambda: any(stack.state.rglob("locks/**/*.json")), 30, "the lock of the first run")
        refused = readable(other.up(fails=True).text)
        assert f"(pid {process.pid})" in refused, refused
        for one in (stack, other):
            told = one.recover()
            assert told.returncode == 3, told.stdout
            assert f", process {process.pid}, since " in told.stdout
            assert "it is alive" in told.stdout
        assert ended(process, log).status == 0, readable(log.read_text())
    assert set(other.up().changes) == {"same"}
    other.destroy()
    assert differences(world.before, world.lab.inventories(["server-4"])) == []


def test_of_two_clones_with_their_own_backends_one_gets_the_server(world: World, tmp_path: Path) -> None:
    stacks = {name: Stack(tmp_path / name, name, world.lab.inventory_file) for name in ("red", "blue")}
    logs = {name: tmp_path / f"{name}.log" for name in stacks}
    for stack in stacks.values():
        stack.configure(**ON)
    with running(stacks["red"], logs["red"]) as red, running(stacks["blue"], logs["blue"]) as blue:
        outcomes = {"red": ended(red, logs["red"]), "blue": ended(blue, logs["blue"])}
    winners = [name for name, outcome in outcomes.items() if outcome.status == 0]
    assert len(winners) == 1, {name: readable(one.text) for name, one in outcomes.items()}
    winner = winners[0]
    loser = "blue" if winner == "red" else "red"
    said = readable(outcomes[loser].text)
    assert f"bareplane-stacks/{winner}/" in said, said
    assert "server-4-settings" not in outcomes[loser].steps
    owners = {one["owner"] for one in world.lab.ask_agent("server-4", {"operation": "entries"})["entries"]}
    assert [one.split("/")[1] for one in owners] == [winner]
    stacks[loser].destroy()
    assert set(stacks[winner].up().changes) == {"same"}
    stacks[winner].destroy()
    assert differences(world.before, world.lab.inventories(["server-4"])) == []
