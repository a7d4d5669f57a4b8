"""One call of a kind: what it may use, and what becomes of its errors."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from threading import Event
from typing import Any

from google.protobuf.struct_pb2 import Struct

from bareplane_provider.plugin.kind import Created, Outputs
from bareplane_provider.plugin.masking import Mask
from bareplane_provider.transport.connection import parse_connection
from bareplane_provider.transport.pool import Pool
from bareplane_provider.transport.session import Session


@dataclass(frozen=True)
class Remains:
    """What an unfinished create or update left, for the state: the engine tries again at the next `up`."""

    id: str
    properties: Struct
    inputs: Struct


@dataclass(frozen=True)
class Failed:
    """A call's error as the engine is told."""

    message: str
    remains: Remains | None = None


@dataclass
class Call:
    """Travels beside a request: what the experimental API neither passes on nor can express."""

    old_inputs: Struct | None = None
    ends_at: float | None = None
    """When the user's customTimeouts end it (CLOCK_MONOTONIC, seconds)."""
    begun: Created | None = None
    """What the call's kind has begun to make or to change."""
    failed: Failed | None = None


CALL: ContextVar[Call] = ContextVar("call")


@dataclass(frozen=True)
class KindContext:
    """The Context that kinds get."""

    pool: Pool
    say_progress: Callable[[str], None]
    say_warning: Callable[[str], None]
    mask: Mask = field(repr=False)
    call: Call = field(default_factory=Call, repr=False)

    @property
    def cancelled(self) -> Event:
        return self.pool.cancelled

    def machine(self, connection: Mapping[str, Any]) -> Session:
        return self.pool.session(parse_connection(connection), self.progress, self.warning, self.call.ends_at)

    def seconds(self, usual: float) -> float:
        ends_at = self.call.ends_at
        return usual if ends_at is None else max(1.0, ends_at - time.monotonic())

    def begin(self, id: str, outputs: Outputs) -> None:
        self.call.begun = Created(id, outputs)

    def conceal(self, secret: str) -> None:
        self.mask.add(secret)

    def progress(self, text: str) -> None:
        self.say_progress(self.mask(text))

    def warning(self, text: str) -> None:
        self.say_warning(self.mask(text))
