"""A server restarted: the cluster is whole again without a hand."""

from __future__ import annotations

import pytest

from tests.e2e.conftest import Figures, World
from tests.e2e.kubernetes import Cluster, answers, eventually
from tests.e2e.stack import Stack

NODES = ("server-1", "server-2", "server-3")


@pytest.mark.parametrize("server", ["server-2", "server-1"])
def test_the_cluster_is_whole_again(
    cluster: Cluster, stack: Stack, world: World, figures: Figures, server: str
) -> None:
    world.lab.call("restart", server)
    world.hold(server)
    pods = {one["metadata"]["uid"] for one in cluster.pods()} if server != "server-1" else set()

    def whole() -> bool:
        everywhere = all(answers(f"http://{world.lab.address(node)}:30080/") for node in NODES)
        return everywhere and cluster.nodes() == dict.fromkeys(NODES, True) and cluster.all_pods_ready()

    seconds = eventually(whole, 180, f"whole again after {server} was restarted")
    figures.add(f"{server} up again until all pods Ready and the app answers on every node", seconds)
    assert len(cluster.pods()) == 2 or pods
    for pod in cluster.pods():
        assert cluster.ask_from(pod["metadata"]["name"], "http://hello.default.svc.cluster.local:8080/")
    stack.refresh()
    assert stack.preview().steps == {}
