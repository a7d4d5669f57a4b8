"""Observing many items with few forks."""

from __future__ import annotations

from typing import Sequence

from .host import Host
from .items.base import Facts, Item


def observe_all(items: Sequence[Item], host: Host) -> dict[str, Facts]:
    """Facts by key, in item order; each type sees all of its items at once."""
    by_type: dict[type[Item], list[Item]] = {}
    for item in items:
        by_type.setdefault(type(item), []).append(item)
    found: dict[str, Facts] = {}
    for kind, group in by_type.items():
        found.update(kind.observe_many(group, host))
    return {item.key: found[item.key] for item in items}


def public(facts: dict[str, Facts]) -> dict[str, Facts]:
    """What the client is told: no empty items, and nothing the agent keeps to itself (names with `_`)."""
    told = {
        key: {name: value for name, value in sorted(own.items()) if not name.startswith("_")}
        for key, own in facts.items()
    }
    return {key: own for key, own in told.items() if own}
