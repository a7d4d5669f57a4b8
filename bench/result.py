"""What one run took."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Result:
    """Seconds in all and by part; `path` says in lines what came after what, `details` everything known."""

    what: str
    seconds: float
    parts: Mapping[str, float]
    path: Sequence[str]
    details: Sequence[str] = ()
