"""Everything of some owners goes from a machine."""

from __future__ import annotations

from collections.abc import Sequence

from bareplane_cli.machines.ledger import Entry, owners
from bareplane_provider.transport.session import Session

LOCK_WAIT = 5
"""Seconds; whoever holds the machine's lock longer is at work there."""
DEADLINE = 600
Doomed = list[str]
"""Names of entries that were removed, newest first."""


def sweep(session: Session, entries: Sequence[Entry]) -> Doomed:
    """Undo these entries' owners' everything; raises AgentError `locked` when somebody is at work there."""
    return [name for owner in owners(entries) for name in sweep_owner(session, owner)]


def sweep_owner(session: Session, owner: str) -> Doomed:
    """Undo all that one owner did; nothing there is a success."""
    request = {"operation": "sweep", "owner": owner, "deadline": DEADLINE, "lock_wait": LOCK_WAIT}
    return session.agent(request)["removed"]
