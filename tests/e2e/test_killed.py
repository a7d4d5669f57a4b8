"""Engine, program and plugin are killed at random moments; recovery and `up` converge, `destroy` is clean."""

from __future__ import annotations

import os
import random
import tempfile
import time

from tests.e2e.conftest import Figures, World
from tests.e2e.kubernetes import answers, eventually
from tests.e2e.servers import differences
from tests.e2e.stack import Stack, end_all_of

SEED = int(os.environ.get("BAREPLANE_E2E_SEED", str(random.SystemRandom().randrange(10_000))))


def kill_after(stack: Stack, seconds: float, *arguments: str) -> bool:
    """Whether it still ran when it was killed."""
    with tempfile.TemporaryFile() as output:
        process = stack.start(*arguments, "--yes", "--skip-preview", output=output)
        time.sleep(seconds)
        running = process.poll() is None
        end_all_of(process.pid)
        process.wait()
    return running


def test_killed_up_and_destroy_converge(stack: Stack, world: World, figures: Figures) -> None:
    chance = random.Random(SEED)
    killed: list[float] = []
    for window in ((3, 12), (10, 22)):
        killed.append(round(chance.uniform(*window), 1))
        if not kill_after(stack, killed[-1], "up"):
            break
        stack.recover()
    with figures.timed(f"up after an up killed at {killed} s (seed {SEED})"):
        stack.up()
    assert set(stack.up().changes) == {"same"}
    for server in ("server-1", "server-2", "server-3"):
        address = world.lab.address(server)
        eventually(lambda where=address: answers(f"http://{where}:30080/"), 10, f"hello answers on {server}")
    stack.refresh()
    assert stack.preview().steps == {}
    moment = round(chance.uniform(2, 8), 1)
    if kill_after(stack, moment, "destroy"):
        stack.run("cancel", "--yes")
    with figures.timed(f"destroy after a destroy killed at {moment} s (seed {SEED})"):
        stack.destroy()
    assert differences(world.before, world.lab.inventories()) == []
    assert all(session.answers("still here") for session in world.held.values())
