"""After any fault and another run it is as if nothing had happened: the same faults for every kind.

BAREPLANE_SOAK=1 walks the whole table, for BAREPLANE_SOAK_MINUTES (30) in all. BAREPLANE_SEED repeats an order;
BAREPLANE_FAULT and BAREPLANE_OPERATION leave only faults whose names begin so, and one operation.
"""

from __future__ import annotations

import os
import secrets
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.servers import Lab, own_directory
from tests.provider.conformance.conftest import SOAK
from tests.provider.conformance.console import Console
from tests.provider.conformance.driver import Driver
from tests.provider.conformance.faults import FAULTS, Operation, named
from tests.provider.conformance.gauntlet import Gauntlet
from tests.provider.conformance.kit import Kit
from tests.provider.conformance.report import Report
from tests.provider.conformance.row import Row, World
from tests.provider.conformance.servers import Server
from tests.provider.conformance.table import ROWS

SEED = os.environ.get("BAREPLANE_SEED") or secrets.token_hex(4)
SECONDS = float(os.environ.get("BAREPLANE_SOAK_MINUTES", "30")) * 60
ONLY_FAULT = os.environ.get("BAREPLANE_FAULT", "")
ONLY_OPERATION = os.environ.get("BAREPLANE_OPERATION", "")
CHECKED = [row for row in ROWS if row.checked]
SHIFTED_CLOCK = Path(__file__).parent / "shifted_clock.c"

QUICK: tuple[tuple[str, str, Operation], ...] = (
    ("server-1-settings", "connection cut, done", "create"),
    ("server-1-settings", "plugin killed, begun", "update"),
    ("server-1-settings", "power cut, begun", "delete"),
    ("server-1-settings", "disk of /etc full, begun", "create"),
    ("server-1-settings", "/etc read-only, amid", "delete"),
    ("server-1-settings", "disk of /var/lib full, begun", "create"),
    ("server-1-settings", "server's clock a day ahead, before", "update"),
    ("server-1-binaries", "agent killed, begun", "create"),
    ("server-1-binaries", "disk of /opt fills up, before", "create"),
    ("server-1-runtime", "component out of memory, after", "update"),
    ("server-1-runtime", "commands hang, before", "create"),
)


def test_there_are_enough_faults() -> None:
    assert len({one.mishap.name for one in FAULTS}) >= 36
    assert len({one.name for one in FAULTS}) == len(FAULTS)


@pytest.fixture(scope="module")
def gauntlet(tmp_path_factory: pytest.TempPathFactory, report: Report) -> Iterator[Gauntlet]:
    """Servers of its own, each with a disk that can be full."""
    sockets = tmp_path_factory.mktemp("ssh")
    clock = tmp_path_factory.mktemp("clock") / "clock.so"
    subprocess.run(["gcc", "-shared", "-fPIC", "-O2", "-o", str(clock), str(SHIFTED_CLOCK)], check=True)
    with own_directory(tmp_path_factory.mktemp("faults")) as directory, Driver() as driver:
        lab = Lab(directory)
        lab.call("up", "--servers", "2")
        servers = {name: Server(lab, name, sockets / name) for name in lab.names}
        for one in servers.values():
            Console(one).own_disk()
        yield Gauntlet(Kit(World(servers), driver, ROWS, report), report, clock, SEED, time.monotonic() + SECONDS)
        for one in servers.values():
            one.close()


@pytest.mark.skipif(SOAK, reason="the soak tries all of them")
@pytest.mark.parametrize(("row", "fault", "operation"), QUICK, ids=lambda value: value.replace(" ", "-"))
def test_fault(gauntlet: Gauntlet, row: str, fault: str, operation: Operation) -> None:
    chosen = next(one for one in ROWS if one.name == row)
    assert gauntlet.through(chosen, named(fault), operation) == []


@pytest.mark.skipif(not SOAK, reason="takes half an hour: BAREPLANE_SOAK=1")
@pytest.mark.parametrize("row", CHECKED, ids=lambda row: row.kind)
def test_all_faults(gauntlet: Gauntlet, row: Row) -> None:
    print(f"seed {SEED}")
    gauntlet.reach(row)
    until = time.monotonic() + max(0, gauntlet.until - time.monotonic()) / (len(CHECKED) - CHECKED.index(row))
    chosen = [
        (fault, operation)
        for fault, operation in gauntlet.order(row)
        if fault.name.startswith(ONLY_FAULT) and operation.startswith(ONLY_OPERATION)
    ]
    wrong: list[str] = []
    for number, (fault, operation) in enumerate(chosen):
        if number > 0 and time.monotonic() > until:
            break
        wrong += gauntlet.through(row, fault, operation)
    assert wrong == []


@pytest.mark.skipif(not SOAK or bool(ONLY_FAULT), reason="only the soak tries that many: BAREPLANE_SOAK=1")
def test_enough_faults_were_tried(report: Report) -> None:
    assert len({name.rpartition(", ")[0] for name in report.faults}) >= 36
