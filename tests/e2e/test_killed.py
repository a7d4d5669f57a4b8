"""Engine, program and plugin are killed at random moments; `bareplane recover` and another run converge."""

from __future__ import annotations

import os
import random
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from functools import partial
from typing import Literal

import pytest

from tests.e2e.conftest import Figures, World
from tests.e2e.kubernetes import answers, eventually
from tests.e2e.servers import differences
from tests.e2e.stack import Stack, end_all_of

SEED = int(os.environ.get("BAREPLANE_E2E_SEED", str(random.SystemRandom().randrange(10_000))))
CHANCE = random.Random(SEED)
# In seconds; each run goes on where the last one stopped.
UP_KILLED = ((2, 6), (3, 8), (3, 8))
DESTROY_KILLED = (1.5, 8)


def kill_and_recover(stack: Stack, window: tuple[float, float], command: Literal["up", "destroy"]) -> float:
    """Kill a run at a random moment and recover; the moment.

    On a faster computer the run may have ended by then: it is undone, and the next one is killed earlier.
    """
    moment = round(CHANCE.uniform(*window), 1)
    while (killed := kill(stack, command, partial(time.sleep, moment))) is None:
        moment = round(moment / 2, 2)
        assert moment > 0.1, f"{command} is over before it can be killed"
        _ = stack.destroy() if command == "up" else stack.up()
    recover(stack, killed)
    return moment


def kill(stack: Stack, command: str, wait: Callable[[], None]) -> int | None:
    """The number of the engine's process that was killed; None when it had ended by then."""
    with tempfile.TemporaryFile() as output:
        process = stack.start(command, "--yes", "--skip-preview", output=output)
        try:
            wait()
            running = process.poll() is None
        finally:
            end_all_of(process.pid)
            process.wait()
        if running:
            return process.pid
        output.seek(0)
        assert process.returncode == 0, f"{command} failed by itself: {output.read().decode()[-4000:]}"
        return None


def recover(stack: Stack, killed: int) -> list[str]:
    """Recover, and check that what was left is told; names of the resources that were pending."""
    left = pending(stack)
    told = stack.recover()
    assert told.returncode == 0, told.stdout
    held = f"@{socket.gethostname()}, process {killed}, since "
    assert held in told.stdout or "nobody holds it" in told.stdout, told.stdout
    for name, operation in left.items():
        rows = [line for line in told.stdout.splitlines() if line.split()[:1] == [name]]
        assert any(operation in line for line in rows), told.stdout
    assert pending(stack) == {}
    return list(left)


def pending(stack: Stack) -> dict[str, str]:
    """What the state says is unfinished: operation by resource."""
    operations = stack.export()["deployment"].get("pending_operations") or []
    return {one["resource"]["urn"].rsplit("::", 1)[1]: one["type"] for one in operations}


@pytest.fixture(scope="module")
def killed(stack: Stack, world: World, figures: Figures) -> list[float]:
    """Moments at which an `up` was killed; the next one has converged."""
    moments = [kill_and_recover(stack, window, "up") for window in UP_KILLED]
    with figures.timed(f"up after ups killed at {moments} s (seed {SEED})"):
        stack.up()
    return moments


def test_up_converges_after_it_was_killed(stack: Stack, world: World, killed: list[float]) -> None:
    assert len(killed) == len(UP_KILLED)
    converged(stack, world)


def test_up_converges_after_a_destroy_was_killed(
    stack: Stack, world: World, killed: list[float], figures: Figures
) -> None:
    moment = kill_and_recover(stack, DESTROY_KILLED, "destroy")
    with figures.timed(f"up after a destroy killed at {moment} s (seed {SEED})"):
        stack.up()
    converged(stack, world)


def test_destroy_run_again_after_it_was_killed_leaves_no_residue(
    stack: Stack, world: World, killed: list[float], figures: Figures
) -> None:
    moments = [kill_and_recover(stack, DESTROY_KILLED, "destroy") for _ in range(2)]
    with figures.timed(f"destroy after destroys killed at {moments} s (seed {SEED})"):
        stack.destroy()
    assert stack.export()["deployment"].get("resources", []) == []
    assert differences(world.before, world.lab.inventories()) == []
    assert all(session.answers("still here") for session in world.held.values())


def test_destroy_right_after_an_up_was_killed_leaves_no_residue(stack: Stack, world: World, figures: Figures) -> None:
    moment = kill_and_recover(stack, (6, 20), "up")
    with figures.timed(f"destroy after an up killed at {moment} s (seed {SEED})"):
        stack.destroy()
    assert differences(world.before, world.lab.inventories()) == []


def test_a_machine_that_was_being_taken_is_let_go(stack: Stack, world: World) -> None:
    """The engine is killed before it learns that a machine was taken: no state names that machine."""
    with locked(world, "server-3"):
        killed = kill(stack, "up", lambda: wait_until_only_pending(stack, "server-3-machine"))
    assert killed is not None
    operations = stack.export()["deployment"]["pending_operations"]
    (inputs,) = [one["resource"]["inputs"] for one in operations if "server-3-machine" in one["resource"]["urn"]]
    taken = [{"type": "directory", "path": "/var/lib/bareplane", "mode": "0700", "tree": True}]
    request = {"operation": "apply", "entry": "server-3/machine", "owner": inputs["owner"], "items": taken}
    assert world.lab.ask_agent("server-3", request)["event"] == "result"
    recover(stack, killed)
    stack.destroy()
    assert differences(world.before, world.lab.inventories()) == []


def test_an_agent_that_waited_for_the_lock_of_a_machine_begins_nothing_when_it_was_killed(
    stack: Stack, world: World
) -> None:
    with locked(world, "server-3"):
        killed = kill(stack, "up", lambda: wait_until_only_pending(stack, "server-3-machine"))
        time.sleep(2)
    assert killed is not None
    time.sleep(2)
    assert world.lab.ask_agent("server-3", {"operation": "entries"})["entries"] == []
    recover(stack, killed)
    stack.destroy()
    assert differences(world.before, world.lab.inventories()) == []


@contextmanager
def locked(world: World, server: str) -> Generator[None]:
    """Somebody is at work on a server."""
    command = "flock /run/bareplane.lock sh -c 'echo locked; cat'"
    holder = subprocess.Popen(world.lab.ssh(server, command), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert holder.stdin
    assert holder.stdout
    assert holder.stdout.readline() == "locked\n"
    try:
        yield
    finally:
        holder.stdin.close()
        holder.wait()


def wait_until_only_pending(stack: Stack, resource: str) -> None:
    """Until all other machines have been taken."""
    eventually(lambda: [one for one in pending(stack) if one.endswith("-machine")] == [resource], 60, resource)


def converged(stack: Stack, world: World) -> None:
    """As if nothing had happened: nothing to do, nothing found, and the app answers everywhere."""
    assert set(stack.up().changes) == {"same"}
    for server in ("server-1", "server-2", "server-3"):
        url = f"http://{world.lab.address(server)}:30080/"
        eventually(lambda url=url: answers(url), 60, f"hello answers on {server}")
    stack.refresh()
    assert stack.preview().steps == {}
