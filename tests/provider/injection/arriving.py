"""The property of every boundary on a machine, in batches: one trip to the machine carries many strings."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bareplane_provider.transport.session import Session
from tests.unit.injection.boundary import Carry, arrives_or_is_refused
from tests.unit.injection.hostile import batches, trips


def all_arrive_or_are_refused(
    boundary: str, carry: Callable[..., Any], more: st.SearchStrategy[str], fast: int, session: Session
) -> None:
    """`carry` takes the session and a batch; `more`: strings that the boundary lets through; `fast`: how many trips."""
    over: Carry = functools.partial(carry, session)

    @trips(fast)
    @given(batches(more))
    def holds(strings: list[str]) -> None:
        arrives_or_is_refused(boundary, over, strings)

    holds()
