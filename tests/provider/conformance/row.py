"""What a row of the table is: one example of a kind, what may change in it, and how its facts are broken."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from bareplane_provider.plugin.kind import Inputs
from tests.provider.conformance.driver import Held
from tests.provider.conformance.servers import Server

Outcome = Literal["update", "replace", "refused", "nothing"]


@dataclass
class World:
    """Servers, and what has been made on them so far, by row name."""

    servers: Mapping[str, Server]
    held: dict[str, Held] = field(default_factory=dict[str, Held])

    def output(self, row: str, name: str) -> Any:
        return self.held[row].outputs[name]

    def connection(self, server: str) -> dict[str, Any]:
        return dict(self.servers[server].entry)


@dataclass(frozen=True)
class Input:
    """One input changed: its path, the value to give, and what must follow."""

    path: str
    value: Any
    outcome: Outcome = "update"


@dataclass(frozen=True)
class Break:
    """One fact broken by hand, by a shell script on a server: which fact must be named, of which item."""

    what: str
    item: str
    fact: str
    script: str
    server: str = "server-1"
    mended: str = ""
    """A script that repairs it, where that is another kind's matter and this one only waits for it."""


@dataclass(frozen=True)
class Row:
    """One example of a kind."""

    name: str
    kind: str
    inputs: Callable[[World], Inputs]
    server: str | None = None
    """Where it stands; None for what lives in the state or in the cluster's API."""
    changes: Sequence[Input] = ()
    breaks: Sequence[Break] = ()
    """For facts outside a machine: those on it are broken by what they are (breaks.py)."""
    unbroken: Mapping[str, str] = field(default_factory=dict[str, str])
    """Facts that nothing here can break, by item or `item fact`, and why."""
    aged: Mapping[str, Callable[[World], Any]] = field(default_factory=dict[str, Callable[["World"], Any]])
    """Outputs as they would be near the end of their life."""
    stays: str = ""
    """Why deleting it leaves something, and what takes that away."""
    removed: str = ""
    """A script that removes by hand what a kind in the API made."""
    checked: bool = True
    """Otherwise it is made only because later rows need it."""
    passing: bool = False
    """Taken away before the next row that is not: it stands in the place of later rows."""

    @property
    def token(self) -> str:
        return f"bareplane:index:{self.kind}"


def with_input(inputs: Inputs, path: str, value: Any) -> Inputs:
    """A copy of the inputs with the value at a dotted path set; list indices are numbers."""
    made = copy.deepcopy(inputs)
    *way, last = path.split(".")
    inner: Any = made
    for part in way:
        inner = inner[int(part) if part.isdecimal() else part]
    inner[last] = value
    return made
