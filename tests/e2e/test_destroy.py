"""`pulumi destroy` leaves every server as it was, three times in a row."""

from __future__ import annotations

import pytest

from tests.e2e.conftest import Figures, World
from tests.e2e.kubernetes import Cluster, answers, eventually
from tests.e2e.servers import differences, together
from tests.e2e.stack import Stack

# The inventory leaves logs out; where they stood would be in the way of another form's.
LOGS = r"find /var/log -maxdepth 2 \( -name kubernetes -o -name pods -o -name containers \)"


@pytest.mark.parametrize("cycle", [1, 2, 3])
def test_destroy_leaves_no_residue(cluster: Cluster, stack: Stack, world: World, figures: Figures, cycle: int) -> None:
    if cycle > 1:
        # The first time with whatever the tests before have left, such as volumes in use.
        stack.configure()
        outcome = stack.up()
        figures.add(f"up, cycle {cycle}", outcome.seconds)
        address = world.lab.address("server-3")
        eventually(lambda: answers(f"http://{address}:30080/"), 60, "hello answers")
    outcome = stack.destroy()
    figures.add(f"destroy, cycle {cycle}", outcome.seconds)
    assert set(outcome.steps.values()) == {"delete"}
    assert stack.export()["deployment"].get("resources", []) == []
    assert differences(world.before, world.lab.inventories()) == []
    assert set(together(lambda server: world.lab.on(server, LOGS), world.lab.names).values()) == {""}
    assert {name: session.answers(f"cycle {cycle}") for name, session in world.held.items()} == dict.fromkeys(
        world.lab.names, True
    )
    assert "warning" not in warnings(outcome.text)


def warnings(text: str) -> str:
    return "\n".join(line for line in text.splitlines() if '"severity":"warning"' in line)
