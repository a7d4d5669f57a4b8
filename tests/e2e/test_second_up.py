"""Nothing to do is nothing done."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from tests.e2e.conftest import Figures, World
from tests.e2e.kubernetes import Cluster, eventually
from tests.e2e.servers import differences, together
from tests.e2e.stack import Stack

# What the running cluster writes by itself: etcd, and what the inventory leaves out.
WRITTEN = (
    "find / /var/lib -xdev \\( -path /proc -o -path /sys -o -path /dev -o -path /run -o -path /tmp -o -path /var/log"
    " -o -path /var/lib/private/etcd \\) -prune -o -newerct @{since} ! -type d -print"
)


def inventories_at_rest(cluster: Cluster, world: World, servers: Sequence[str]) -> dict[str, Any]:
    """The servers' inventories once the cluster does nothing by itself: Services' rules follow pods becoming ready."""
    eventually(cluster.all_pods_ready, 180, "all pods ready")
    seen = world.lab.inventories(servers)
    for _ in range(20):
        time.sleep(2)
        again = world.lab.inventories(servers)
        if ours(differences(seen, again)) == []:
            return again
        seen = again
    raise AssertionError("the servers change by themselves")


def ours(lines: Sequence[str]) -> list[str]:
    """Without what etcd writes all the time."""
    return [line for line in lines if "/var/lib/private/etcd/" not in line]


def test_a_second_up_changes_nothing_and_writes_nothing(
    cluster: Cluster, stack: Stack, world: World, figures: Figures
) -> None:
    servers = ("server-1", "server-2", "server-3")
    before = inventories_at_rest(cluster, world, servers)
    clocks = together(lambda server: world.lab.on(server, "date +%s.%N"), servers)
    outcome = stack.up()
    figures.add("second up: nothing to do", outcome.seconds)
    assert set(outcome.changes) == {"same"}
    assert ours(differences(before, world.lab.inventories(servers))) == []
    written = together(lambda server: world.lab.on(server, WRITTEN.format(since=clocks[server])), servers)
    assert written == dict.fromkeys(servers, "")


def test_refresh_finds_nothing(cluster: Cluster, stack: Stack, figures: Figures) -> None:
    figures.add("refresh", stack.refresh().seconds)
    outcome = stack.preview()
    figures.add("preview after it", outcome.seconds)
    assert outcome.steps == {}
