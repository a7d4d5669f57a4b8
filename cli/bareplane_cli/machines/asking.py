"""Asking several machines at once; one that fails does not keep the others from answering."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Generic, TypeVar

from bareplane.specs import Connection
from bareplane_cli.show import progress, warn
from bareplane_provider.errors import BareplaneError
from bareplane_provider.transport.connection import parse_connection
from bareplane_provider.transport.pool import Pool
from bareplane_provider.transport.session import Session

CONNECT_WAIT = 10
"""Seconds to go on trying a machine that does not answer: somebody sits and waits."""
_AT_ONCE = 32
T = TypeVar("T")


@dataclass(frozen=True)
class Answer(Generic[T]):
    """What a machine answered, or why it did not."""

    server: str
    value: T | None
    error: BareplaneError | None = None


Ask = Callable[[Session], T]


@contextmanager
def machines(connections: Sequence[Connection]) -> Generator[Machines]:
    """Connections that several questions share."""
    pool = Pool()
    try:
        yield Machines(pool, connections)
    finally:
        pool.close()


class Machines:
    """Machines that can be asked."""

    def __init__(self, pool: Pool, connections: Sequence[Connection]) -> None:
        self._sessions = {
            one.name: pool.session(parse_connection({**one.to_wire(), "connectWait": CONNECT_WAIT}), progress, warn)
            for one in connections
        }

    def ask(self, question: Ask[T], servers: Sequence[str] | None = None) -> list[Answer[T]]:
        """An answer of each, in their order."""

        def answer(server: str) -> Answer[T]:
            try:
                return Answer(server, question(self._sessions[server]))
            except BareplaneError as error:
                return Answer[T](server, None, error)

        with ThreadPoolExecutor(_AT_ONCE) as threads:
            return list(threads.map(answer, self._sessions if servers is None else servers))
