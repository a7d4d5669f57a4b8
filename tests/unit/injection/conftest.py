"""Counts the strings of all boundaries, here and in tests/provider/injection, and reports them when the run ends."""

from __future__ import annotations

import pytest

from tests.unit.injection.reporting import report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    report(terminalreporter)
