"""The machine's facts, asked for once per plugin process."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from bareplane_provider.facts import MachineFacts
from bareplane_provider.transport.session import Session


class Probes:
    """What this process has learned of machines, by SSH address."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[tuple[str, int], MachineFacts] = {}

    def of(self, session: Session) -> MachineFacts:
        """The facts of the machine, from memory or by asking it."""
        where = (session.connection.address, session.connection.port)
        with self._lock:
            known = self._known.get(where)
        return known or self.remember(session, ask(session))

    def remember(self, session: Session, answer: Mapping[str, Any]) -> MachineFacts:
        facts = MachineFacts.from_wire(answer["facts"])
        with self._lock:
            self._known[(session.connection.address, session.connection.port)] = facts
        return facts


PROBES = Probes()


def ask(session: Session) -> Mapping[str, Any]:
    """The agent's whole answer to `probe`."""
    return session.agent({"operation": "probe", "deadline": 60})


def probe(session: Session) -> MachineFacts:
    return PROBES.of(session)
