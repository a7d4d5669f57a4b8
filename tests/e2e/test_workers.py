"""A worker is added and removed by changing the configuration."""

from __future__ import annotations

import json

from tests.e2e.conftest import Figures, World
from tests.e2e.kubernetes import HELLO_IMAGE, Cluster, eventually
from tests.e2e.servers import differences, together
from tests.e2e.stack import Stack
from tests.e2e.test_preview import LOGINS

OTHERS = ("server-2", "server-3")
# When each of our services was started, and every file of ours with the time it was last touched.
UNTOUCHED = (
    "systemctl show -p Id,ExecMainStartTimestampMonotonic containerd kubelet kube-proxy bareplane-routes;"
    " find /etc /opt/bareplane /var/lib/bareplane -xdev -type f -printf '%p %C@\\n' | sort"
)


def spread(replicas: int) -> str:
    """A Deployment with a pod on each worker."""
    labels = {"app": "ballast"}
    constraint = {
        "maxSkew": 1,
        "topologyKey": "kubernetes.io/hostname",
        "whenUnsatisfiable": "DoNotSchedule",
        "nodeTaintsPolicy": "Honor",
        "labelSelector": {"matchLabels": labels},
    }
    pod = {
        "terminationGracePeriodSeconds": 1,
        "topologySpreadConstraints": [constraint],
        "containers": [{"name": "ballast", "image": HELLO_IMAGE}],
    }
    return json.dumps(
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "ballast"},
            "spec": {
                "replicas": replicas,
                "selector": {"matchLabels": labels},
                "template": {"metadata": {"labels": labels}, "spec": pod},
            },
        }
    )


def test_a_worker_is_added_without_touching_the_others(
    cluster: Cluster, stack: Stack, world: World, figures: Figures
) -> None:
    logins = together(lambda server: int(world.lab.on(server, LOGINS)), OTHERS)
    untouched = together(lambda server: world.lab.on(server, UNTOUCHED), OTHERS)
    stack.configure(workers=["server-2", "server-3", "server-4"])
    outcome = stack.up()
    figures.add("one worker added", outcome.seconds)
    assert {name for name in outcome.steps if not name.startswith("server-4")} == set()
    assert set(outcome.steps.values()) == {"create"}
    # One login each since: the one that asked for what is untouched. The next is the one that counts.
    again = together(lambda server: int(world.lab.on(server, LOGINS)), OTHERS)
    assert again == {server: count + 2 for server, count in logins.items()}
    assert together(lambda server: world.lab.on(server, UNTOUCHED), OTHERS) == untouched
    assert cluster.nodes() == dict.fromkeys(["server-1", "server-2", "server-3", "server-4"], True)


def test_a_worker_is_removed_drained_and_left_clean(
    cluster: Cluster, stack: Stack, world: World, figures: Figures
) -> None:
    assert "server-4" in cluster.nodes()
    cluster("apply", "-f", "-", stdin=spread(3))
    cluster("rollout", "status", "deployment/ballast", "--timeout=60s")
    there = {one["spec"]["nodeName"] for one in cluster.pods("app=ballast")}
    assert there == {"server-2", "server-3", "server-4"}
    stack.configure()
    outcome = stack.up()
    figures.add("one worker removed", outcome.seconds)
    assert {name for name in outcome.steps if not name.startswith("server-4")} == set()
    assert set(outcome.steps.values()) == {"delete"}
    assert sorted(cluster.nodes()) == ["server-1", "server-2", "server-3"]
    cluster("rollout", "status", "deployment/ballast", "--timeout=60s")
    assert {one["spec"]["nodeName"] for one in cluster.pods("app=ballast")} == set(OTHERS)
    assert differences(world.before, world.lab.inventories(["server-4"])) == []
    # Drained, not only deleted: the eviction API was used for the pod that was there.
    evictions = "grep -rhsE 'pods/ballast-[^/]*/eviction' /var/log/kubernetes/ | wc -l"
    assert int(world.lab.on("server-1", evictions)) > 0
    cluster("delete", "deployment", "ballast")
    gone = lambda: cluster.pods("app=ballast") == []  # noqa: E731
    eventually(gone, 30, "the test's own Deployment gone")
