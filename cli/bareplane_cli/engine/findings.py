"""What a refresh found."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from bareplane_cli.engine.pending import kind_of, name_of

_FACT = re.compile(r"""facts\["(?P<item>.*)"\]\.(?P<fact>.*)""")


@dataclass(frozen=True)
class Found:
    """What a refresh found of one resource, where that is not what the state had."""

    COLUMNS: ClassVar = ("resource", "kind", "found")

    resource: str
    kind: str
    gone: bool
    fields: tuple[str, ...]

    def row(self) -> tuple[str, str, str]:
        return self.resource, self.kind, "gone; dropped from the state" if self.gone else ", ".join(self.fields)


def findings(events: Sequence[dict[str, Any]]) -> list[Found]:
    """From a refresh's events."""
    steps = [one["resOutputsEvent"]["metadata"] for one in events if "resOutputsEvent" in one]
    return [
        Found(
            name_of(one["urn"]),
            kind_of(one["type"]),
            one["op"] == "delete",
            tuple(field(path) for path in sorted(one.get("detailedDiff") or {})) or ("changed",),
        )
        for one in steps
        if one["op"] in ("update", "delete")
    ]


def field(path: str) -> str:
    """A fact as `<item>: <fact>`, anything else by its path."""
    fact = _FACT.fullmatch(path)
    return f"{fact['item']}: {fact['fact']}" if fact else path


def read_count(events: Sequence[dict[str, Any]]) -> int:
    """How many resources of a plugin were read."""
    return sum(1 for one in events if "resOutputsEvent" in one and one["resOutputsEvent"]["metadata"].get("provider"))
