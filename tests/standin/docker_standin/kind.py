"""What the kinds have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from docker_standin.engine import Engine

State = dict[str, Any]


class Partly(Exception):
    """Created, and then something failed."""

    def __init__(self, text: str, id: str, state: State) -> None:
        super().__init__(text)
        self.id, self.state = id, state


class Kind:
    """One resource type."""

    token: ClassVar[str]
    updatable: ClassVar[frozenset[str]] = frozenset()
    """Arguments whose change is made in place."""
    replacing: ClassVar[frozenset[str]] = frozenset()
    """Arguments whose change makes another one."""
    computed: ClassVar[frozenset[str]] = frozenset()
    delete_first: ClassVar[bool] = False

    def check(self, inputs: Mapping[str, Any]) -> list[tuple[str, str]]:
        known = self.updatable | self.replacing
        return [(one, "this stand-in does not know this argument") for one in sorted(inputs.keys() - known)]

    def create(self, engine: Engine, inputs: State) -> tuple[str, State]:
        raise NotImplementedError

    def read(self, engine: Engine, id: str, state: State) -> tuple[str, State] | None:
        raise NotImplementedError

    def update(self, engine: Engine, id: str, old: State, new: State) -> State:
        return new

    def delete(self, engine: Engine, id: str, state: State) -> None:
        raise NotImplementedError


def labels(inputs: State) -> dict[str, str]:
    return {one["label"]: one["value"] for one in inputs.get("labels", [])}


def label_list(found: Mapping[str, str] | None) -> list[dict[str, str]]:
    return [{"label": name, "value": value} for name, value in sorted((found or {}).items())]


def ordered(value: Any) -> Any:
    """With sets in one order, and without what is left out: numbers travel as floats, and so on."""
    if isinstance(value, dict):
        return {name: ordered(one) for name, one in sorted(value.items()) if one not in (None, "", [], {})}
    if isinstance(value, list):
        return sorted((ordered(one) for one in value), key=repr)
    return value
