"""The kit's world: two servers of a lab, on which rows are made one after another, and the table of what was found."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.servers import Lab, own_directory
from tests.figures import record
from tests.provider.conformance.driver import Driver
from tests.provider.conformance.kit import Kit
from tests.provider.conformance.report import Report, lines
from tests.provider.conformance.row import World
from tests.provider.conformance.servers import Server
from tests.provider.conformance.table import ROWS

REPORT = pytest.StashKey[Report]()
SOAK = os.environ.get("BAREPLANE_SOAK") == "1"


def pytest_configure(config: pytest.Config) -> None:
    config.stash[REPORT] = Report()


class Told:
    """Tells a failure at once: a soak is long."""

    def __init__(self, reporter: pytest.TerminalReporter) -> None:
        self._reporter = reporter

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self._reporter.write_line(f"\n{report.nodeid}\n{report.longreprtext}")


@pytest.hookimpl(trylast=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if SOAK and isinstance(reporter, pytest.TerminalReporter):
        session.config.pluginmanager.register(Told(reporter))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    found = config.stash[REPORT]
    if found.checks or found.faults:
        record("conformance", {**found.to_json(), "whole": SOAK})
        terminalreporter.section("conformance")
        for line in lines(found):
            terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def report(pytestconfig: pytest.Config) -> Report:
    return pytestconfig.stash[REPORT]


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Server]]:
    sockets: Path = tmp_path_factory.mktemp("ssh")
    with own_directory(tmp_path_factory.mktemp("servers")) as directory:
        lab = Lab(directory)
        lab.call("up", "--servers", "2")
        found = {name: Server(lab, name, sockets / name) for name in lab.names}
        yield found
        for one in found.values():
            one.close()


@pytest.fixture(scope="session")
def kit(servers: dict[str, Server], report: Report) -> Iterator[Kit]:
    with Driver() as driver:
        yield Kit(World(servers), driver, ROWS, report, thorough=SOAK)
