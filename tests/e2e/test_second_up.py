"""Nothing to do is nothing done."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from tests.e2e.conftest import Figures, World
from tests.e2e.kubernetes import Cluster, eventually
from tests.e2e.servers import WRITTEN_BY_THE_CLUSTER, differences, together, without_the_clusters_own
from tests.e2e.stack import Stack

# Besides what the running cluster writes by itself: what the inventory leaves out.
LEFT_OUT = ("/proc", "/sys", "/dev", "/run", "/tmp", "/var/log", *WRITTEN_BY_THE_CLUSTER)
PRUNED = " -o ".join(f"-path {path}" for path in LEFT_OUT)
WRITTEN = f"find / /var/lib -xdev \\( {PRUNED} \\) -prune -o -newerct @{{since}} ! -type d -print"


def inventories_at_rest(cluster: Cluster, world: World, servers: Sequence[str]) -> dict[str, Any]:
    """The servers' inventories once the cluster does nothing by itself: Services' rules follow pods becoming ready."""
    eventually(cluster.all_pods_ready, 180, "all pods ready")
    seen = world.lab.inventories(servers)
    for _ in range(20):
        time.sleep(2)
        again = world.lab.inventories(servers)
        if without_the_clusters_own(differences(seen, again)) == []:
            return again
        seen = again
    raise AssertionError("the servers change by themselves")


def test_a_second_up_changes_nothing_and_writes_nothing(
    cluster: Cluster, stack: Stack, world: World, figures: Figures
) -> None:
    servers = ("server-1", "server-2", "server-3")
    before = inventories_at_rest(cluster, world, servers)
    clocks = together(lambda server: world.lab.on(server, "date +%s.%N"), servers)
    outcome = stack.up()
    figures.add("second up: nothing to do", outcome.seconds)
    assert set(outcome.changes) == {"same"}
    assert without_the_clusters_own(differences(before, world.lab.inventories(servers))) == []
    written = together(lambda server: world.lab.on(server, WRITTEN.format(since=clocks[server])), servers)
    assert written == dict.fromkeys(servers, "")


def test_refresh_finds_nothing(cluster: Cluster, stack: Stack, figures: Figures) -> None:
    figures.add("refresh", stack.refresh().seconds)
    outcome = stack.preview()
    figures.add("preview after it", outcome.seconds)
    assert outcome.steps == {}
