"""What one run took."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Part = Literal["engine", "SSH and transfer", "components"]
PARTS: tuple[Part, ...] = ("engine", "SSH and transfer", "components")


@dataclass(frozen=True)
class Result:
    """Seconds in all and by part; `path` says in lines what came after what, `details` everything known."""

    what: str
    seconds: float
    computed: tuple[float, float]
    """Processor seconds: here, and on the servers."""
    parts: Mapping[Part, float]
    path: Sequence[str]
    details: Sequence[str] = ()
