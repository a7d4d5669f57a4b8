from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from bareplane_provider.transport.connection import parse_connection
from bareplane_provider.transport.pool import Pool
from bareplane_provider.transport.session import Session
from tests.provider.transport.server import SSHD, Server, keygen

Open = Callable[..., Session]


@contextmanager
def once(true: Callable[[], object], act: Callable[[], None]) -> Generator[list[float]]:
    """Acts beside the body as soon as it is true; what it yields holds the moment at which it began to."""
    moments: list[float] = []
    over = threading.Event()

    def watch() -> None:
        while not over.is_set():
            if true():
                moments.append(time.monotonic())
                act()
                return
            over.wait(0.02)

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        yield moments
    finally:
        over.set()
        watching.join()


def until(true: Callable[[], object], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.fixture(scope="session")
def user_key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return keygen(tmp_path_factory.mktemp("keys") / "user")


@pytest.fixture
def start(tmp_path: Path, user_key: Path) -> Iterator[Callable[..., Server]]:
    """Starts servers; they end with the test."""
    if SSHD is None:
        pytest.skip("no sshd here (apt-get install openssh-server)")
    servers: list[Server] = []

    def begin(name: str = "server-1", **how: Any) -> Server:
        server = Server(tmp_path, name, user_key, **how)
        servers.append(server)
        return server.start()

    yield begin
    for server in servers:
        server.stop()


@pytest.fixture
def server(start: Callable[..., Server]) -> Server:
    return start()


@pytest.fixture
def pool() -> Iterator[Pool]:
    one = Pool()
    yield one
    one.close()


@pytest.fixture
def said() -> list[str]:
    """Progress and warnings, in order."""
    return []


@pytest.fixture
def open_session(pool: Pool, said: list[str]) -> Open:
    def begin(server: Server, **changes: object) -> Session:
        connection = parse_connection(server.connection(**changes))
        return pool.session(connection, said.append, lambda text: said.append(f"warning: {text}"))

    return begin
