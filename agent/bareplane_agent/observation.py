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


def public(items: Sequence[Item], facts: dict[str, Facts]) -> dict[str, Facts]:
    """What the client is told: no empty items, nothing the items keep to themselves."""
    told = {item.key: dict(sorted(item.told(facts[item.key]).items())) for item in items}
    return {key: own for key, own in told.items() if own}
