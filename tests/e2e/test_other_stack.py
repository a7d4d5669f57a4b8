"""A server belongs to one stack."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.conftest import World
from tests.e2e.kubernetes import Cluster
from tests.e2e.servers import differences, without_the_clusters_own
from tests.e2e.stack import Stack, readable


def test_another_stack_on_the_same_server_is_refused(cluster: Cluster, world: World, tmp_path: Path) -> None:
    before = world.lab.inventories(["server-2"])
    stack = Stack(tmp_path, "intruder", world.lab.inventory_file)
    stack.configure(control_planes=["server-2"], workers=[], apps=[])
    outcome = stack.up(fails=True)
    assert "server-2-machine" in outcome.steps
    assert "server-2-settings" not in outcome.steps
    assert "it belongs to the stack" in readable(outcome.text)
    stack.destroy()
    after = world.lab.inventories(["server-2"])
    assert without_the_clusters_own(differences(before, after)) == []


def test_anothers_ledger_entry_is_neither_changed_nor_removed(cluster: Cluster, world: World) -> None:
    for request in (
        {"operation": "apply", "entry": "server-2/kube-proxy", "items": []},
        {"operation": "apply", "entry": "server-2/new", "items": [], "exclusive": True},
        {"operation": "remove", "entry": "server-2/kube-proxy"},
    ):
        answer = world.lab.ask_agent("server-2", {**request, "owner": "a/stranger/0", "deadline": 20})
        assert (answer["event"], answer.get("code")) == ("error", "foreign-owner"), answer
    swept = world.lab.ask_agent("server-2", {"operation": "sweep", "owner": "a/stranger/0", "deadline": 20})
    assert swept["removed"] == []
