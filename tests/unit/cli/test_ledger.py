"""The ledgers of machines, read and shown."""

from __future__ import annotations

from typing import Any

import pytest

from bareplane_cli.commands.clean import of_owner
from bareplane_cli.commands.ledger import document, show
from bareplane_cli.machines.asking import Answer
from bareplane_cli.machines.ledger import Entry, counted, owners
from bareplane_cli.machines.sweep import sweep
from bareplane_provider.errors import AgentError


def entry(name: str, owner: str = "p/s/1", sequence: int = 1, state: str = "done") -> Entry:
    told = {"name": name, "owner": owner, "sequence": sequence, "state": state}
    return Entry.parse({**told, "items": ["file /etc/x", "file /etc/y", "unit z"], "written": 1_700_000_000})


def test_items_are_counted_by_type() -> None:
    assert counted(["unit a", "file /b c", "file /d"]) == "2 x file, 1 x unit"
    assert counted([]) == "none"


def test_who_came_last_goes_first() -> None:
    entries = [entry("a", "one", 1), entry("b", "two", 2), entry("c", "one", 3), entry("d", "three", 0)]
    assert owners(entries) == ["one", "two", "three"]


@pytest.mark.parametrize(("state", "word"), [("intent", "unfinished"), ("done", "done"), ("removing", "half removed")])
def test_states_are_told_in_words(state: str, word: str) -> None:
    assert entry("a", state=state).row()[1] == word


def test_a_table_for_each_server_and_owner(capsys: pytest.CaptureFixture[str]) -> None:
    failed = Answer[list[Entry]]("server-3", None, AgentError("failed", "server-3: entries: no"))
    show([Answer("server-1", [entry("a", "one"), entry("b", "two", 2)]), Answer("server-2", []), failed])
    shown = capsys.readouterr()
    assert "server-1: 1 entries of one" in shown.out
    assert "server-1: 1 entries of two" in shown.out
    assert "server-2: nothing of ours is there" in shown.out
    assert shown.err == "error: server-3: entries: no\n"


def test_for_programs_times_have_a_zone_and_errors_are_text() -> None:
    told: Any = document(Answer("server-1", [entry("a")]))
    assert told["entries"][0]["written"].startswith("2023-11-1")
    assert told["entries"][0]["written"][-6] in "+-"
    assert told["entries"][0]["items"] == ["file /etc/x", "file /etc/y", "unit z"]
    assert document(Answer("s", None, AgentError("failed", "no")))["error"] == "no"


def test_one_owner_is_picked() -> None:
    answer = Answer("s", [entry("a", "one"), entry("b", "two")])
    picked = of_owner(answer, "two")
    assert [one.name for one in picked.value or []] == ["b"]
    assert of_owner(answer, None) is answer


def test_owners_are_swept_one_after_the_other_and_nobody_else() -> None:
    asked: list[dict[str, Any]] = []

    class Session:
        def agent(self, request: dict[str, Any]) -> dict[str, Any]:
            asked.append(request)
            return {"removed": [f"all of {request['owner']}"]}

    entries = [entry("a", "one", 1), entry("b", "two", 2)]
    assert sweep(Session(), entries) == ["all of two", "all of one"]  # pyright: ignore[reportArgumentType]
    assert [(one["operation"], one["owner"]) for one in asked] == [("sweep", "two"), ("sweep", "one")]
