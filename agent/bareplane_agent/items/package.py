"""A package of the operating system."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Mapping, Sequence

from .. import packages
from ..context import Context
from ..fields import Fields
from ..host import Host
from ..ledger import Entry, Note
from .base import Facts, Item


@dataclass
class Package(Item):
    """Installed with what it needs; undo removes all that came with it, less what others still need."""

    type = "package"
    grouped = True
    volatile = True

    name: str

    @classmethod
    def parse(cls, fields: Fields) -> Package:
        return cls(fields.text("name", packages.NAME))

    @property
    def key(self) -> str:
        return f"package {self.name}"

    def observe(self, host: Host) -> Facts:
        return self.observe_many([self], host)[self.key]

    @classmethod
    def observe_many(cls, items: Sequence[Package], host: Host) -> dict[str, Facts]:
        there = packages.installed(host, [item.name for item in items])
        return {item.key: {"installed": "yes" if item.name in there else "absent"} for item in items}

    def expected(self) -> Facts:
        return {"installed": "yes"}

    def record(self) -> dict[str, Any]:
        return {"name": self.name}

    def before(self, host: Host, entry: Entry) -> dict[str, Any]:
        if self.name in packages.installed(host, [self.name]):
            return {"adds": []}
        return {"absent": True, "adds": packages.would_add(self.name, host)}

    def apply(self, context: Context, facts: Facts) -> None:
        self.apply_many([self], {self.key: facts}, context)

    @classmethod
    def apply_many(cls, items: Sequence[Package], facts: Mapping[str, Facts], context: Context) -> None:
        names = [item.name for item in items]
        context.progress(f"installing {', '.join(names)}")
        packages.install(names, context.host)

    @classmethod
    def undo(cls, note: Note, context: Context) -> None:
        cls.undo_many([note], context)

    @classmethod
    def undo_many(cls, notes: Sequence[Note], context: Context) -> None:
        adds = {name for note in notes for name in note.before["adds"]}
        there = packages.installed(context.host, sorted(adds))
        doomed = sorted(adds & there)
        if not doomed:
            return
        foreign = packages.would_remove_too(doomed, context.host)
        if foreign:
            kept = [name for name in doomed if packages.would_remove_too([name], context.host) - set(doomed)]
            if not _hand_over(kept, context):
                context.warn(f"{', '.join(kept)} stays: needed by {', '.join(sorted(foreign))}", notes[0].key)
            doomed = [name for name in doomed if name not in kept]
        if doomed:
            context.progress(f"removing {', '.join(doomed)}")
            packages.purge(doomed, context.host)


def _hand_over(names: Sequence[str], context: Context) -> bool:
    """Another entry that installed packages removes these with its own."""
    for entry in context.ledger.others(context.entry):
        for note in entry.notes:
            if note.type == "package" and note.absent:
                note.before["adds"] = sorted({*note.before["adds"], *names})
                entry.write()
                return True
    return False
