"""One server of a lab for the boundaries whose other side is a machine; named in BAREPLANE_TEST_LAB, it is kept."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bareplane_provider.transport.connection import parse_connection
from bareplane_provider.transport.pool import Pool
from bareplane_provider.transport.session import Session
from tests.e2e.servers import Lab, started_lab
from tests.unit.injection.reporting import report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    report(terminalreporter)


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with started_lab(tmp_path_factory.mktemp("servers"), 1) as one:
        yield one


@pytest.fixture(scope="session")
def session(lab: Lab) -> Iterator[Session]:
    """The product's own connection to the server."""
    pool = Pool()
    said: list[str] = []
    yield pool.session(parse_connection(lab.entries()[-1]), said.append, said.append)
    pool.close()
