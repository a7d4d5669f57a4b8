"""What was unfinished and what a refresh found, in words."""

from __future__ import annotations

from typing import Any

import pytest

from bareplane_cli.commands.recover import report
from bareplane_cli.engine.findings import Found, findings, read_count
from bareplane_cli.engine.pending import Pending, pending

URN = "urn:pulumi:s::p::bareplane:components:Cluster$bareplane:index:Pki::"


def operation(kind: str, name: str) -> dict[str, Any]:
    return {"type": kind, "resource": {"urn": URN + name, "type": "bareplane:index:Pki"}}


def test_a_machine_that_was_being_taken_is_let_go() -> None:
    one = operation("creating", "server-1-machine")
    one["resource"] |= {"type": "bareplane:index:Machine", "inputs": {"owner": "p/s/1"}}
    (found,) = pending({"pending_operations": [one]})
    assert (found.taking, found.inputs) == (True, {"owner": "p/s/1"})
    assert "taken away" in found.becomes
    (found,) = pending({"pending_operations": [{**one, "type": "updating"}]})
    assert not found.taking


def event(op: str, name: str, provider: str = "x", **more: Any) -> dict[str, Any]:
    metadata = {"op": op, "urn": URN + name, "type": "bareplane:index:Pki", "provider": provider, **more}
    return {"sequence": 1, "resOutputsEvent": {"metadata": metadata}}


@pytest.mark.parametrize(
    ("kind", "word"),
    [("creating", "forgotten"), ("updating", "finishes"), ("deleting", "dropped if it is gone"), ("reading", "again")],
)
def test_every_operation_is_named_with_what_becomes_of_it(kind: str, word: str) -> None:
    (one,) = pending({"pending_operations": [operation(kind, "server-1-pki")]})
    assert one == Pending("server-1-pki", "Pki", kind)
    assert word in one.becomes


@pytest.mark.parametrize("deployment", [{}, {"pending_operations": None}])
def test_nothing_pending(deployment: dict[str, Any]) -> None:
    assert pending(deployment) == []


def test_findings_are_what_changed_or_went() -> None:
    events: list[dict[str, Any]] = [
        event("same", "a"),
        event("same", "component", provider=""),
        event("update", "b", detailedDiff={'facts["unit x"].active': {}, "facts.y": {}}),
        event("update", "c", detailedDiff=None),
        event("delete", "d"),
        {"sequence": 9, "summaryEvent": {}},
    ]
    assert findings(events) == [
        Found("b", "Pki", False, ("facts.y", "unit x: active")),
        Found("c", "Pki", False, ("changed",)),
        Found("d", "Pki", True, ("changed",)),
    ]
    assert read_count(events) == 4
    assert findings(events)[2].row()[2] == "gone; dropped from the state"


def test_the_report_is_in_plain_words(capsys: pytest.CaptureFixture[str]) -> None:
    report([], [], 9)
    assert capsys.readouterr().out == "pending: no operation was unfinished\nread: 9 resources, all as remembered\n"
    report([Pending("server-1-[pki]", "Pki", "creating")], [Found("b", "Pki", True, ())], 9)
    said = capsys.readouterr().out
    assert "pending: 1 operations were not finished" in said
    assert "server-1-[pki]" in said
    assert "read: 1 of 9 resources are not as remembered" in said
