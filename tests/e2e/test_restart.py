"""A server restarted: the cluster is whole again without a hand."""

from __future__ import annotations

import pytest

from tests.e2e.conftest import Figures, World
from tests.e2e.kubernetes import Cluster, answers, eventually
from tests.e2e.stack import Stack

SERVICE = "http://hello.default.svc.cluster.local:8080/"
NODES = ("server-1", "server-2", "server-3")


@pytest.mark.parametrize("server", ["server-2", "server-1"])
def test_the_cluster_is_whole_again(
    cluster: Cluster, stack: Stack, world: World, figures: Figures, server: str
) -> None:
    world.lab.call("restart", server)
    world.hold(server)

    def whole() -> bool:
        everywhere = all(answers(f"http://{world.lab.address(node)}:30080/") for node in NODES)
        if not everywhere or cluster.nodes() != dict.fromkeys(NODES, True) or not cluster.all_pods_ready():
            return False
        # What the API says of a pod may be from before; whether names are resolved and Services reached is not.
        names = [pod["metadata"]["name"] for pod in cluster.pods()]
        return len(names) == 2 and all(cluster.ask_from(name, SERVICE)["message"] == "hello" for name in names)

    seconds = eventually(whole, 180, f"whole again after {server} was restarted")
    figures.add(f"{server} up again until all is Ready and the app answers everywhere", seconds)


def test_nothing_differs_after_restarts(cluster: Cluster, stack: Stack) -> None:
    stack.refresh()
    assert stack.preview().steps == {}
