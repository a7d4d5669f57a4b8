"""The figures of the boundaries: printed once, and left in the file that BAREPLANE_FIGURES names."""

from __future__ import annotations

from typing import cast

import pytest

from tests.figures import record
from tests.unit.injection.boundary import ARRIVED, INJECTED, TRIED

SELF_TEST = "self-test: "
"""Begins the names of boundaries that are wrong on purpose."""


def report(terminal: pytest.TerminalReporter) -> None:
    by_boundary = {
        name: {"strings": len(tried), "arrived": ARRIVED[name], "injections": INJECTED[name]}
        for name, tried in sorted(TRIED.items())
        if not name.startswith(SELF_TEST)
    }
    if not by_boundary:
        return
    # Other runs have other boundaries; all of them count.
    known = record("injection", {"by boundary": by_boundary})["by boundary"]
    every = list(cast("dict[str, dict[str, int]]", known).values())
    strings, injections = sum(one["strings"] for one in every), sum(one["injections"] for one in every)
    record("injection", {"hostile strings": strings, "injections": injections})
    terminal.section("hostile strings")
    for name, one in by_boundary.items():
        terminal.write_line(f"{one['strings']:6} {one['injections']:3} injected  {name}")
    terminal.write_line(f"{strings:6} {injections:3} injected  in all")
    TRIED.clear()
