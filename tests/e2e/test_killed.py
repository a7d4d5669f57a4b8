"""Engine, program and plugin are killed at random moments; `bareplane recover` and another run converge."""

from __future__ import annotations

import os
import random
import socket
import tempfile
import time

import pytest

from tests.e2e.conftest import Figures, World
from tests.e2e.kubernetes import answers, eventually
from tests.e2e.servers import differences
from tests.e2e.stack import Stack, end_all_of

SEED = int(os.environ.get("BAREPLANE_E2E_SEED", str(random.SystemRandom().randrange(10_000))))
CHANCE = random.Random(SEED)
# In seconds. Early: machines are taken, binaries sent. Late: the cluster is being made.
UP_KILLED = ((2, 6), (5, 13), (11, 24))
DESTROY_KILLED = (1.5, 8)


def kill_and_recover(stack: Stack, window: tuple[float, float], command: str) -> float | None:
    """Kill a run at a random moment and recover; the moment, or None when it had ended by then."""
    moment = round(CHANCE.uniform(*window), 1)
    with tempfile.TemporaryFile() as output:
        process = stack.start(command, "--yes", "--skip-preview", output=output)
        time.sleep(moment)
        running = process.poll() is None
        end_all_of(process.pid)
        process.wait()
    if not running:
        return None
    left = stack.export()["deployment"].get("pending_operations") or []
    told = stack.recover()
    assert told.returncode == 0, told.stdout
    held = f"@{socket.gethostname()}, process {process.pid}, since "
    assert f"{held}" in told.stdout or "nobody holds it" in told.stdout, told.stdout
    for one in left:
        name = one["resource"]["urn"].rsplit("::", 1)[1]
        rows = [line for line in told.stdout.splitlines() if line.split()[:1] == [name]]
        assert any(one["type"] in line for line in rows), told.stdout
    assert not stack.export()["deployment"].get("pending_operations")
    return moment


@pytest.fixture(scope="module")
def killed(stack: Stack, world: World, figures: Figures) -> list[float]:
    """Moments at which an `up` was killed; the next one has converged."""
    moments = [kill_and_recover(stack, window, "up") for window in UP_KILLED]
    found = [one for one in moments if one is not None]
    with figures.timed(f"up after ups killed at {found} s (seed {SEED})"):
        stack.up()
    return found


def test_up_converges_after_it_was_killed(stack: Stack, world: World, killed: list[float]) -> None:
    assert len(killed) == len(UP_KILLED)
    converged(stack, world)


def test_up_converges_after_a_destroy_was_killed(
    stack: Stack, world: World, killed: list[float], figures: Figures
) -> None:
    moment = kill_and_recover(stack, DESTROY_KILLED, "destroy")
    assert moment is not None
    with figures.timed(f"up after a destroy killed at {moment} s (seed {SEED})"):
        stack.up()
    converged(stack, world)


def test_destroy_run_again_after_it_was_killed_leaves_no_residue(
    stack: Stack, world: World, killed: list[float], figures: Figures
) -> None:
    moments = [kill_and_recover(stack, DESTROY_KILLED, "destroy") for _ in range(2)]
    with figures.timed(f"destroy after destroys killed at {moments} s (seed {SEED})"):
        stack.destroy()
    assert moments[0] is not None
    assert stack.export()["deployment"].get("resources", []) == []
    assert differences(world.before, world.lab.inventories()) == []
    assert all(session.answers("still here") for session in world.held.values())


def test_destroy_right_after_an_up_was_killed_leaves_no_residue(stack: Stack, world: World, figures: Figures) -> None:
    moment = kill_and_recover(stack, (6, 20), "up")
    assert moment is not None
    with figures.timed(f"destroy after an up killed at {moment} s (seed {SEED})"):
        stack.destroy()
    assert differences(world.before, world.lab.inventories()) == []


def converged(stack: Stack, world: World) -> None:
    """As if nothing had happened: nothing to do, nothing found, and the app answers everywhere."""
    assert set(stack.up().changes) == {"same"}
    for server in ("server-1", "server-2", "server-3"):
        url = f"http://{world.lab.address(server)}:30080/"
        eventually(lambda url=url: answers(url), 60, f"hello answers on {server}")
    stack.refresh()
    assert stack.preview().steps == {}
