"""Calls and their interruption: what listens ends by itself, what does not is left behind, both within two seconds."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable

import pytest

from bareplane_provider.errors import CancelledError
from bareplane_provider.plugin.workers import Workers
from bareplane_provider.transport.pool import Pool


async def interrupted(work: Callable[[Pool, threading.Event], None]) -> float:
    """Seconds from the interrupt to the call's end; the interrupt comes when the work has begun."""
    pool, begun = Pool(), threading.Event()
    workers = Workers(pool)
    call = asyncio.ensure_future(workers.run("making b", lambda: work(pool, begun)))
    await asyncio.to_thread(begun.wait)
    began = time.monotonic()
    await workers.cancel()
    with pytest.raises(CancelledError, match="making b: interrupted"):
        await call
    return time.monotonic() - began


def test_work_that_listens_ends_by_itself() -> None:
    def work(pool: Pool, begun: threading.Event) -> None:
        begun.set()
        assert pool.cancelled.wait(60)
        raise CancelledError("making b: interrupted")

    assert asyncio.run(interrupted(work)) < 2


def test_work_that_does_not_listen_is_left_behind_within_two_seconds() -> None:
    over = threading.Event()

    def work(pool: Pool, begun: threading.Event) -> None:
        begun.set()
        over.wait(60)

    async def left() -> float:
        try:
            return await interrupted(work)
        finally:
            over.set()

    # Once is enough: a computer that is busy elsewhere takes longer.
    assert any(asyncio.run(left()) < 2 for _ in range(3))
