"""The two ends of the connection, and the lock between two runs."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bareplane_agent.channel import Channel
from bareplane_agent.errors import CutError, LockedError, RequestError
from bareplane_agent.host import Host
from bareplane_agent.lock import machine_lock
from bareplane_agent.main import answer, perform
from bareplane_agent.request import Request, parse_request

AGENT = Path(__file__).parents[3] / "agent"


def alone(_request: Request) -> None:
    """No process beside this one."""


def test_answers_are_lines_of_json() -> None:
    sink = io.BytesIO()
    assert answer(io.BytesIO(b'{"operation": "entries"}\n'), sink, alone) == 0
    assert [json.loads(line)["event"] for line in sink.getvalue().splitlines()] == ["result"]


@pytest.mark.parametrize("text", [b"nonsense\n", b"{}\n", b'{"operation": "apply"}\n'])
def test_a_bad_request_is_answered_with_an_error(text: bytes) -> None:
    sink = io.BytesIO()
    assert answer(io.BytesIO(text), sink, alone) == 1
    assert json.loads(sink.getvalue())["code"] == "request"


def test_a_request_that_never_came_is_a_cut() -> None:
    sink = io.BytesIO()
    answer(io.BytesIO(b""), sink, alone)
    assert json.loads(sink.getvalue())["code"] == "cut"


def test_work_stops_between_two_items_when_the_client_is_gone(machine: Any, file: Any) -> None:
    """The first item's progress finds nobody; the second is not begun."""
    read, write = os.pipe()
    sink = os.fdopen(write, "wb")
    os.close(read)
    request = parse_request(
        {"operation": "apply", "entry": "a", "owner": "me", "items": [file("/etc/1"), file("/etc/2")]}
    )
    with pytest.raises(CutError):
        perform(request, Channel(io.BytesIO(), sink), Host(str(machine.root)))
    assert not machine.path("/etc/2").exists()
    machine.apply(file("/etc/1"), file("/etc/2"), entry="a")
    assert machine.path("/etc/2").exists()


def test_a_closed_connection_is_seen_before_anything_is_said() -> None:
    read, write = os.pipe()
    with os.fdopen(write, "wb") as sink:
        channel = Channel(io.BytesIO(), sink)
        assert not channel.gone
        os.close(read)
        assert channel.gone


def test_a_second_run_waits_and_then_names_the_first(machine: Any, file: Any) -> None:
    host = Host(str(machine.root))
    words = {
        "owner": "someone",
        "operation": "apply server-1/etcd",
        "since": "2026-01-01T00:00:00Z",
        "from": "10.0.0.9",
    }
    told = rf"someone \(apply server-1/etcd, process {os.getpid()} there, since 2026-01-01T00:00:00Z, from 10.0.0.9\)"
    with machine_lock(host, words, 0), pytest.raises(LockedError, match=told):
        machine.apply(file("/etc/x"), lock_wait=0.1)
    assert not machine.path("/etc/x").exists()
    machine.apply(file("/etc/x"), lock_wait=0)


def test_looking_needs_no_lock(machine: Any) -> None:
    with machine_lock(Host(str(machine.root)), {}, 0):
        machine.ask("observe", items=[])
        machine.ask("entries")


def test_a_line_without_an_end_is_refused() -> None:
    with pytest.raises(RequestError, match="longer than"):
        Channel(io.BytesIO(b"x" * 5000), io.BytesIO()).read_line()


def test_it_runs_on_the_standard_library_alone() -> None:
    """-I -S: nothing installed can be imported, as on the machine."""
    code = (
        "import sys, io; sys.dont_write_bytecode = True; sys.path.insert(0, sys.argv[1])\n"
        "from bareplane_agent.main import main\n"
        'sys.exit(main(io.BytesIO(b\'{"operation": "probe"}\\n\'), sys.stdout.buffer))'
    )
    done = subprocess.run([sys.executable, "-I", "-S", "-c", code, str(AGENT)], capture_output=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    facts = json.loads(done.stdout)["facts"]
    assert facts["cpus"] >= 1
    assert facts["memory_mib"] > 0


def test_its_source_is_that_of_python_3_9() -> None:
    import ast

    for path in (AGENT / "bareplane_agent").rglob("*.py"):
        ast.parse(path.read_text(), feature_version=(3, 9))
        assert "from __future__ import annotations" in path.read_text() or len(path.read_text().splitlines()) < 60
