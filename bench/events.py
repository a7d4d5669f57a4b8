"""When each resource began and ended, and what it was at: from the engine's own event log, read as it is written.

The log's own timestamps are whole seconds, so each event is given the time of its arrival here.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

POLL = 0.005


@dataclass(frozen=True)
class Step:
    """One resource's operation; times in seconds since the run began. `said`: what it was doing since when."""

    urn: str
    begun: float
    ended: float
    said: tuple[tuple[float, str], ...] = field(default=())

    @property
    def name(self) -> str:
        return self.urn.rpartition("::")[2]

    @property
    def kind(self) -> str:
        """`Binaries` of `…$bareplane:index:Binaries::…`."""
        return self.urn.split("::")[2].rpartition(":")[2]


class Watcher:
    """Reads the log in a thread until `steps` is asked for."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._begun = time.monotonic()
        self._events: list[tuple[float, Mapping[str, Any]]] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def steps(self) -> list[Step]:
        """All steps of the run, in the order in which they ended."""
        self._over.set()
        self._thread.join()
        return steps(self._events)

    def _watch(self) -> None:
        while not self._log.exists():
            if self._over.wait(POLL):
                return
        with self._log.open() as file:
            part = ""
            while True:
                over = self._over.is_set()
                line = file.readline()
                now = time.monotonic() - self._begun
                if line:
                    part += line
                    if part.endswith("\n"):
                        self._events.append((now, json.loads(part)))
                        part = ""
                elif over:
                    return
                else:
                    time.sleep(POLL)


def steps(events: Sequence[tuple[float, Mapping[str, Any]]]) -> list[Step]:
    """Steps out of events, each with the time at which it came. Resources that did not end are left out."""
    going: dict[str, Step] = {}
    ended: list[Step] = []
    for when, event in events:
        if "resourcePreEvent" in event:
            urn = urn_of(event["resourcePreEvent"])
            going[urn] = Step(urn, when, when)
        elif "resOutputsEvent" in event:
            urn = urn_of(event["resOutputsEvent"])
            if urn in going:
                ended.append(replace(going.pop(urn), ended=when))
        elif "diagnosticEvent" in event:
            said = cast("Mapping[str, Any]", event["diagnosticEvent"])
            step = going.get(said.get("urn", ""))
            if step is not None:
                going[step.urn] = replace(step, said=(*step.said, (when, plain(str(said["message"])))))
    return ended


def urn_of(event: Mapping[str, Any]) -> str:
    return str(event["metadata"]["urn"])


def plain(message: str) -> str:
    """Without the engine's colour marks."""
    for mark in ("<{%reset%}>", "<{%fg 1%}>"):
        message = message.replace(mark, "")
    return message.strip()
