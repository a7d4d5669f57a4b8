"""What every item can do: observe, compare, note what was there, apply, undo."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import AbstractSet, Any, ClassVar, Dict, Mapping, Sequence

from ..context import Context
from ..fields import Fields
from ..host import Host
from ..ledger import Entry, Ledger, Note

Facts = Dict[str, str]


class Item(ABC):
    """One thing that should be so on the machine.

    Consecutive items of a `grouped` type are applied together. A `volatile` item is observed again before it is
    applied, because earlier items can change it. A type is `shared` when several entries may hold the same item:
    the last one of them undoes it.
    """

    type: ClassVar[str]
    grouped: ClassVar[bool] = False
    volatile: ClassVar[bool] = False
    shared: ClassVar[bool] = True

    @property
    @abstractmethod
    def key(self) -> str:
        """Names the item within its entry and among all entries of the machine."""

    @classmethod
    @abstractmethod
    def parse(cls, fields: Fields) -> Item:
        """From the client's JSON; raises RequestError."""

    @abstractmethod
    def observe(self, host: Host) -> Facts:
        """What is there now; writes nothing."""

    @classmethod
    def observe_many(cls, items: Sequence[Any], host: Host) -> dict[str, Facts]:
        """Facts by key; overridden where one program run answers for all."""
        return {item.key: item.observe(host) for item in items}

    def recall(self, ledger: Ledger, entry: Entry, beside: Sequence[Item]) -> None:
        """Learn what judging the facts needs from the ledger and the request's items; most know it by themselves."""
        return

    def told(self, facts: Facts) -> Facts:
        """Of the facts, those that are the client's business; names with `_` are the agent's own."""
        return {name: value for name, value in facts.items() if not name.startswith("_")}

    def expected(self) -> Facts | None:
        """The facts asked for; None when there are none to compare."""
        return None

    def differs(self, facts: Facts, changed: AbstractSet[str], host: Host) -> bool:
        """Whether apply has work to do."""
        expected = self.expected()
        return expected is not None and difference(facts, expected) is not None

    def settled(self, facts: Facts) -> str | None:
        """After apply: the first fact that still differs, in words; None when all is well."""
        expected = self.expected()
        return None if expected is None else difference(facts, expected)

    def upload(self, facts: Facts) -> str | None:
        """The sha256 of the blob that apply will need, given these facts."""
        return None

    def record(self) -> dict[str, Any]:
        """What undo needs to know besides the key; never a secret."""
        return {}

    @abstractmethod
    def before(self, host: Host, entry: Entry) -> dict[str, Any]:
        """What is there before the first change; `absent: true` where nothing is. May save originals in the entry."""

    def amend(self, note: Note, host: Host, entry: Entry) -> None:
        """A note from an earlier apply lacks what the item has come to cover since; most items never grow."""
        return

    def ours(self) -> str | None:
        """A mark by which undo knows a value as ours."""
        return None

    def remember(self, note: Note, facts: Facts) -> None:
        """Note, once all is applied, what `recall` will look for."""
        return

    @abstractmethod
    def apply(self, context: Context, facts: Facts) -> None:
        """Make it so."""

    @classmethod
    def apply_many(cls, items: Sequence[Any], facts: Mapping[str, Facts], context: Context) -> None:
        for item in items:
            item.apply(context, facts[item.key])

    @classmethod
    @abstractmethod
    def undo(cls, note: Note, context: Context) -> None:
        """Take it back; what is already gone is fine. Raises UndoError where it cannot."""

    @classmethod
    def undo_many(cls, notes: Sequence[Note], context: Context) -> None:
        for note in notes:
            cls.undo(note, context)


def difference(facts: Facts, expected: Facts) -> str | None:
    """The first fact that is not as expected, in words."""
    for name, value in expected.items():
        found = facts.get(name)
        if found != value:
            return f"{name} is {found or 'unknown'}, not {value}"
    return None
