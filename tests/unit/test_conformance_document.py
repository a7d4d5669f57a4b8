"""What the kit found in several runs becomes one document."""

from __future__ import annotations

from typing import Any

from tests.provider.conformance.document import document, shortcomings, together

WHOLE = {
    "whole": True,
    "checks": {"A": {"drift": []}},
    "figures": {"A": {"facts": 3, "faults tried": 2, "faults converged": 2}},
    "faults": {"power cut, begun": [2, 2]},
    "order": [["A"], ["drift"]],
}
FAST = {
    "whole": False,
    "checks": {"A": {"drift": ["not seen"]}, "B": {"drift": ["wrong"]}},
    "figures": {"A": {"facts": 1, "faults tried": 1, "faults converged": 0}},
    "faults": {"power cut, begun": [1, 0]},
    "order": [["A", "B"], ["drift"]],
}
STRINGS = {"hostile strings": 12_000, "injections": 0, "by boundary": {"shell": {"strings": 12_000, "injections": 0}}}
RUNS: list[dict[str, Any]] = [{"conformance": WHOLE}, {"conformance": FAST, "injection": STRINGS}]


def rows() -> list[list[str]]:
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in document(RUNS) if line.startswith("|")]


def test_the_whole_stands_before_the_fast_part_which_is_named() -> None:
    assert ["A", "ok"] in rows()
    assert ["B", "1 wrong"] in rows()
    assert "The whole; but the fast part for checks of B.\n" in list(document(RUNS))


def test_faults_add_up_and_other_counts_do_not() -> None:
    assert ["A", "3", "3", "2"] in rows()
    assert ["power cut, begun", "3", "2"] in rows()


def test_too_few_strings_or_one_that_got_through_is_told() -> None:
    assert list(shortcomings(together(RUNS))) == []
    assert len(list(shortcomings(together([RUNS[0]])))) == 1
    caught = {"injection": {**STRINGS, "injections": 1}}
    assert len(list(shortcomings(together([*RUNS, caught])))) == 1
