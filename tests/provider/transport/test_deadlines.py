"""A deadline holds on both ends of the connection."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from uuid import uuid4

import pytest

from bareplane_provider.errors import DeadlineError
from bareplane_provider.transport.connection import parse_connection
from bareplane_provider.transport.pool import Pool
from bareplane_provider.transport.session import Session
from tests.provider.transport.server import Server

Open = Callable[..., Session]


def runs(mark: str) -> bool:
    return subprocess.run(["pgrep", "-f", mark], capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize("trap", ["", "trap '' TERM; "])
def test_a_command_that_hangs_is_ended_on_the_machine(server: Server, open_session: Open, trap: str) -> None:
    mark = f"hang-{uuid4().hex}"
    began = time.monotonic()
    with pytest.raises(DeadlineError, match=r"server-1.*running bash: not done within 1 s; customTimeouts"):
        open_session(server).run(["bash", "-c", f"{trap}: {mark}; sleep 1000 & while :; do sleep 1; done"], timeout=1)
    assert time.monotonic() - began < 1 + 5
    assert not runs(mark)


def test_a_status_that_looks_like_a_timeout_is_one_of_the_commands_own(server: Server, open_session: Open) -> None:
    assert open_session(server).run(["sh", "-c", "exit 124"], timeout=60).status == 124


def test_the_users_time_shortens_every_command(server: Server, pool: Pool) -> None:
    connection = parse_connection(server.connection())
    session = pool.session(connection, print, print, time.monotonic() + 1.5)
    began = time.monotonic()
    with pytest.raises(DeadlineError, match=r"not done within [12] s"):
        session.run(["sleep", "1000"], timeout=600)
    with pytest.raises(DeadlineError):
        session.run(["sleep", "1000"], timeout=600)
    assert time.monotonic() - began < 8
