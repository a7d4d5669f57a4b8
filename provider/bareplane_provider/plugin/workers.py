"""Threads for kinds, and the promise that an interrupted call is answered within two seconds."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import TypeVar

from bareplane_provider.errors import CancelledError
from bareplane_provider.transport.pool import Pool

T = TypeVar("T")
_THREADS = 32
_GRACE = 1.5


class Workers:
    """Runs blocking work beside the event loop, which answers all other calls meanwhile."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="kind")
        self._cancelled: asyncio.Event | None = None

    async def run(self, what: str, work: Callable[[], T]) -> T:
        """The work's result. Once cancelled, work has a moment to end by itself, and is left behind otherwise."""
        cancelled = self._event()
        if cancelled.is_set():
            raise CancelledError(f"{what}: interrupted")
        loop = asyncio.get_running_loop()
        done = loop.run_in_executor(self._threads, copy_context().run, work)
        interrupt = asyncio.ensure_future(cancelled.wait())
        try:
            await asyncio.wait((done, interrupt), return_when=asyncio.FIRST_COMPLETED)
            if not done.done():
                await asyncio.wait((done,), timeout=_GRACE)
        finally:
            interrupt.cancel()
        if not done.done():
            raise CancelledError(f"{what}: interrupted")
        return done.result()

    async def cancel(self) -> None:
        """End connections, and with them what runs over them."""
        self._event().set()
        await asyncio.get_running_loop().run_in_executor(None, self._pool.close)

    def _event(self) -> asyncio.Event:
        if self._cancelled is None:
            self._cancelled = asyncio.Event()
        return self._cancelled
