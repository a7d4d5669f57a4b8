"""What outlives its deadline is ended on the machine, whether or not the agent can still do so itself."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from .conftest import OWNER, Refused, Server

MARK = "bp-hang"
HANGS = f"sh -c 'exec -a {MARK} sleep 1000' & exec bash -c 'exec -a {MARK} sleep 1000'"


def hanging() -> dict[str, Any]:
    """A program that starts another and never ends, and neither does that."""
    return {"type": "command", "name": "hang", "argv": ["bash", "-c", HANGS]}


def left(server: Server) -> str:
    """What still runs there of it, or of any agent."""
    return server.run(f"pgrep -af '{MARK}|bareplane_agent' | grep -v pgrep || true")


def converges(server: Server) -> None:
    assert server.ask("apply", items=[{**hanging(), "argv": ["true"]}], lock_wait=0)["changed"] == ["command hang"]


def test_a_program_that_hangs_is_ended_with_all_it_started(clean: Server) -> None:
    began = time.monotonic()
    with pytest.raises(Refused, match="did not end within") as caught:
        clean.ask("apply", items=[hanging()], deadline=2)
    assert (caught.value.code, caught.value.item) == ("deadline", "command hang")
    assert time.monotonic() - began < 15
    assert left(clean) == ""
    converges(clean)


@pytest.mark.parametrize("stopped", ["agent", "agent and program"])
def test_an_agent_that_is_stopped_is_ended_with_its_program(clean: Server, stopped: str) -> None:
    began = time.monotonic()
    request = {"operation": "apply", "owner": OWNER, "entry": "server/test", "items": [hanging()], "deadline": 4}
    with clean.start(request) as process:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["event"] == "progress"
        holder = json.loads(clean.run(f"until pgrep -f {MARK} >/dev/null; do sleep 0.1; done; cat /run/bareplane.lock"))
        clean.run(f"kill -STOP {holder['pid']}" + (f"; pkill -STOP -f ^{MARK}" if "program" in stopped else ""))
        last = json.loads(process.stdout.read().splitlines()[-1])
    assert (last["event"], last["code"]) == ("error", "deadline")
    assert "was killed" in last["message"]
    assert time.monotonic() - began < 33
    assert left(clean) == ""
    converges(clean)


def test_an_agent_that_ends_in_time_leaves_nothing_beside_it(clean: Server) -> None:
    clean.ask("apply", items=[{**hanging(), "argv": ["true"]}], deadline=300)
    clean.run("for i in $(seq 20); do pgrep -f bareplane_agent >/dev/null || exit 0; sleep 0.1; done; exit 1")
