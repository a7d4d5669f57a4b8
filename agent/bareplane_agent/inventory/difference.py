"""What differs between two inventories. Pure."""

from __future__ import annotations

from collections import Counter
from typing import Any, Iterator, Mapping, cast


def difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """One line per difference, `<section>: + new`, `- gone` or `~ changed`; empty when the machine is as it was."""
    found: list[str] = []
    for section in sorted(set(before) | set(after)):
        one, two = before.get(section), after.get(section)
        if isinstance(one, dict) or isinstance(two, dict):
            lines = _mappings(cast("dict[str, str]", one or {}), cast("dict[str, str]", two or {}))
        else:
            lines = _lists(cast("list[str]", one or []), cast("list[str]", two or []))
        found.extend(f"{section}: {line}" for line in lines)
    return found


def _mappings(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[str]:
    for key in sorted(set(before) | set(after)):
        if key not in after:
            yield f"- {key} ({before[key]})"
        elif key not in before:
            yield f"+ {key} ({after[key]})"
        elif before[key] != after[key]:
            yield f"~ {key} ({before[key]} -> {after[key]})"


def _lists(before: list[str], after: list[str]) -> Iterator[str]:
    gone, new = Counter(before) - Counter(after), Counter(after) - Counter(before)
    for line in sorted(gone.elements()):
        yield f"- {line}"
    for line in sorted(new.elements()):
        yield f"+ {line}"
