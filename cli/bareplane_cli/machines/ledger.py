"""The ledgers on machines: what is ours there, and whose."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from bareplane_provider.transport.session import Session

STATES = {"intent": "unfinished", "done": "done", "removing": "half removed"}


@dataclass(frozen=True)
class Entry:
    """One entry: what a resource of a stack did to the machine."""

    COLUMNS: ClassVar = ("entry", "state", "items", "last written")

    name: str
    owner: str
    sequence: int
    """Larger is younger."""
    state: str
    items: tuple[str, ...]
    """Keys, such as `file /etc/hosts`."""
    written: datetime
    """When the entry was last written."""

    @classmethod
    def parse(cls, told: dict[str, Any]) -> Entry:
        """From what the agent says."""
        return cls(
            told["name"],
            told["owner"],
            told["sequence"],
            told["state"],
            tuple(told["items"]),
            datetime.fromtimestamp(told["written"]).astimezone(),
        )

    def to_json(self) -> dict[str, Any]:
        return {**vars(self), "items": list(self.items), "written": self.written.isoformat()}

    def row(self) -> tuple[str, str, str, str]:
        """For people, as in COLUMNS."""
        return self.name, STATES[self.state], counted(self.items), f"{self.written:%Y-%m-%d %H:%M:%S}"


def counted(items: Iterable[str]) -> str:
    """`3 x file, 1 x unit`, the most frequent first."""
    kinds = Counter(item.split(" ", 1)[0] for item in items)
    return ", ".join(f"{count} x {kind}" for kind, count in kinds.most_common()) or "none"


def read_ledger(session: Session) -> list[Entry]:
    """Oldest first."""
    return [Entry.parse(one) for one in session.agent({"operation": "entries", "deadline": 60})["entries"]]


def owners(entries: Sequence[Entry]) -> list[str]:
    """Those who have something there, who came last first: what is younger goes before what it stands on."""
    last = {entry.owner: entry.sequence for entry in sorted(entries, key=lambda one: one.sequence)}
    return sorted(last, key=lambda owner: -last[owner])
