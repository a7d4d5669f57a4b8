"""What one run carries from item to item."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from .blobs import Blobs
from .channel import Channel
from .host import Host
from .ledger import Entry, Ledger


@dataclass
class Context:
    """`changed`: keys of items changed in this run (or by the run it takes up), `changed_at` when (CLOCK_MONOTONIC,
    seconds), `began` when the run did. `reload`: systemd must reread units."""

    host: Host
    channel: Channel
    ledger: Ledger
    entry: Entry
    blobs: Blobs
    changed: set[str] = field(default_factory=set[str])
    changed_at: dict[str, float] = field(default_factory=dict[str, float])
    reload: bool = False
    dirty: bool = False
    began: float = field(default_factory=time.monotonic)

    def progress(self, text: str) -> None:
        self.channel.progress(f"{self.entry.name}: {text}")

    def warn(self, text: str, item: str | None = None) -> None:
        self.channel.warn(f"{self.entry.name}: {text}", item)
