"""The life cycle that all kinds share; a kind adds its spec and its items, or its calls to the API."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Generic, TypeVar, cast

from pydantic import ValidationError

from bareplane.specs import Spec
from bareplane_provider.catalog import Needs
from bareplane_provider.errors import InputError
from bareplane_provider.kinds.differences import covers, fact_changes, input_changes
from bareplane_provider.plugin.kind import (
    UNKNOWN,
    Change,
    Context,
    Created,
    Difference,
    Failure,
    Inputs,
    Outputs,
    State,
)

S = TypeVar("S", bound=Spec)


class SpecKind(ABC, Generic[S]):
    """A kind whose inputs are a spec: checked by it, and compared field by field."""

    spec: type[S]
    name: ClassVar[str]
    immutable: ClassVar[frozenset[str]] = frozenset()
    """Paths of inputs that cannot change in place."""
    refused: ClassVar[Mapping[str, str]] = {}
    """Paths of inputs whose change would destroy what must not be destroyed, and what to do instead."""
    ignored: ClassVar[frozenset[str]] = frozenset()
    """Inputs that say how to get there, not what should be."""
    secret_outputs: frozenset[str] = frozenset()
    stable_outputs: frozenset[str] = frozenset()

    @property
    def token(self) -> str:
        return f"bareplane:index:{self.name}"

    def check(self, inputs: Inputs) -> list[Failure]:
        """Every property the spec refuses; what is not known yet is not judged."""
        try:
            self.spec.from_wire(inputs)
        except ValidationError as error:
            return [
                Failure(".".join(str(part) for part in one["loc"]) or "(all)", one["msg"].removeprefix("Value error, "))
                for one in error.errors()
                if not concerns_unknown(inputs, one["loc"])
            ]
        return []

    def needs(self, inputs: Inputs) -> Needs:
        """What it takes from the catalog; most take nothing."""
        return Needs()

    def parse(self, inputs: Inputs) -> S:
        try:
            return self.spec.from_wire(inputs)
        except ValidationError as error:
            raise InputError(f"{self.name}: {error}") from error

    def diff(self, old: State, new: Inputs) -> Difference:
        changes = input_changes(old.inputs, new, self.immutable, self.ignored)
        self.refuse(changes)
        return Difference([*changes, *self.drift(old, new)])

    def refuse(self, changes: Sequence[Change]) -> None:
        """Raises InputError, at preview already, for a change that no plan may hold."""
        reasons = [
            f"{path} cannot change: {reason}"
            for path, reason in self.refused.items()
            if any(covers(path, change.path) for change in changes)
        ]
        if reasons:
            raise InputError(f"{self.name}: {'; '.join(reasons)}")

    def drift(self, old: State, new: Inputs) -> list[Change]:
        """What differs though no input does."""
        return fact_changes(old.outputs.get("baseline", {}), old.outputs.get("facts", {}))

    @abstractmethod
    def create(self, name: str, inputs: Inputs, context: Context) -> Created: ...

    @abstractmethod
    def read(self, id: str, state: State, context: Context) -> Outputs | None: ...

    @abstractmethod
    def update(self, id: str, old: State, new: Inputs, context: Context) -> Outputs: ...

    @abstractmethod
    def delete(self, id: str, state: State, context: Context) -> None: ...


def concerns_unknown(inputs: Any, location: tuple[int | str, ...]) -> bool:
    """Whether a value along `location` is still unknown, so that a complaint about it means nothing yet."""
    value = inputs
    for part in location:
        if value is UNKNOWN:
            return True
        try:
            value = value[part]
        except (KeyError, IndexError, TypeError):
            return contains_unknown(value)
    return contains_unknown(value)


def contains_unknown(value: Any) -> bool:
    if isinstance(value, dict):
        return any(contains_unknown(one) for one in cast("dict[str, Any]", value).values())
    if isinstance(value, list | tuple):
        return any(contains_unknown(one) for one in cast("list[Any]", value))
    return value is UNKNOWN
