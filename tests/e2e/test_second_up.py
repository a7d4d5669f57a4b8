"""Nothing to do is nothing done."""

from __future__ import annotations

from tests.e2e.conftest import Figures, World
from tests.e2e.kubernetes import Cluster
from tests.e2e.servers import differences, together
from tests.e2e.stack import Stack

# What the running cluster writes by itself: etcd, and what the inventory leaves out.
WRITTEN = (
    "find / /var/lib -xdev \\( -path /proc -o -path /sys -o -path /dev -o -path /run -o -path /tmp -o -path /var/log"
    " -o -path /var/lib/private/etcd \\) -prune -o -newerct @{since} ! -type d -print"
)


def test_a_second_up_changes_nothing_and_writes_nothing(
    cluster: Cluster, stack: Stack, world: World, figures: Figures
) -> None:
    servers = ("server-1", "server-2", "server-3")
    clocks = together(lambda server: world.lab.on(server, "date +%s.%N"), servers)
    before = world.lab.inventories(servers)
    outcome = stack.up()
    figures.add("second up: nothing to do", outcome.seconds)
    assert set(outcome.changes) == {"same"}
    found = differences(before, world.lab.inventories(servers))
    assert [line for line in found if "/var/lib/private/etcd/" not in line] == []
    written = together(lambda server: world.lab.on(server, WRITTEN.format(since=clocks[server])), servers)
    assert written == dict.fromkeys(servers, "")


def test_refresh_finds_nothing(cluster: Cluster, stack: Stack, figures: Figures) -> None:
    figures.add("refresh", stack.refresh().seconds)
    outcome = stack.preview()
    figures.add("preview after it", outcome.seconds)
    assert outcome.steps == {}
