"""The first preview."""

from __future__ import annotations

from tests.e2e.conftest import Figures, World
from tests.e2e.servers import together
from tests.e2e.stack import Stack

PER_SERVER = ("machine", "settings", "binaries", "runtime", "images", "node", "kube-proxy", "pod-network", "membership")
ONCE = ("pki", "etcd", "control-plane", "approver")
# Accepted logins since the server was started, with the one that asks.
LOGINS = "journalctl --sync; journalctl -q -b -o cat | grep -c 'Accepted publickey'"


def test_a_new_stack_shows_every_step_and_contacts_nothing(world: World, stack: Stack, figures: Figures) -> None:
    def logins(server: str) -> int:
        return int(world.lab.on(server, LOGINS))

    before = together(logins, world.lab.names)
    outcome = stack.preview()
    figures.add("first preview", outcome.seconds)
    expected = {f"{server}-{phase}" for server in ("server-1", "server-2", "server-3") for phase in PER_SERVER}
    expected |= {f"server-1-{phase}" for phase in ONCE} | {"bareplane-quorum", "bareplane-bootstrap", "hello-manifest"}
    assert expected - set(outcome.steps) == set()
    assert set(outcome.steps.values()) == {"create"}
    assert outcome.changes == {"create": len(outcome.steps)}
    assert together(logins, world.lab.names) == {server: count + 1 for server, count in before.items()}
