"""Comparing inputs with inputs and facts with facts: pure, and by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, cast

from bareplane_provider.plugin.kind import Change, ChangeKind


def changed(old: Any, new: Any, path: str) -> Iterator[tuple[str, ChangeKind]]:
    """Every path below `path` at which `old` and `new` differ; mappings are walked, other values compared whole."""
    if isinstance(old, dict) and isinstance(new, dict):
        before, after = cast("dict[str, Any]", old), cast("dict[str, Any]", new)
        for name in sorted(before.keys() | after.keys()):
            below = join(path, name)
            if name not in after:
                yield below, "delete"
            elif name not in before:
                yield below, "add"
            else:
                yield from changed(before[name], after[name], below)
    elif old != new:
        yield path, "update"


def join(path: str, name: str) -> str:
    """A Pulumi property path: names that are not identifiers stand quoted in brackets."""
    if name.isidentifier():
        return f"{path}.{name}" if path else name
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'{path}["{quoted}"]'


def input_changes(
    old: Mapping[str, Any], new: Mapping[str, Any], immutable: frozenset[str], ignored: frozenset[str]
) -> list[Change]:
    """Changed inputs. One at or below a path of `immutable` asks for replacement; `ignored` has top-level names."""
    return [
        Change(path, kind, replace=any(covers(one, path) for one in immutable))
        for path, kind in changed(dict(old), dict(new), "")
        if root(path) not in ignored
    ]


def fact_changes(baseline: Mapping[str, Any], facts: Mapping[str, Any]) -> list[Change]:
    """Facts that are not as they were left: drift. What is gone is one difference, whatever facts it had."""
    before = {name: remaining(one, facts.get(name)) for name, one in baseline.items()}
    return [Change(path, kind) for path, kind in changed(before, dict(facts), "facts")]


def remaining(before: Any, now: Any) -> Any:
    """The facts of one item that can still be compared."""
    if not isinstance(before, dict) or not isinstance(now, dict):
        return cast("Any", before)
    known, found = cast("dict[str, Any]", before), cast("dict[str, Any]", now)
    if "absent" in found.values() or found.get("present") == "no":
        return {name: value for name, value in known.items() if name in found}
    return known


def root(path: str) -> str:
    return path.split(".", 1)[0].split("[", 1)[0]


def covers(prefix: str, path: str) -> bool:
    return path == prefix or path.startswith((f"{prefix}.", f"{prefix}["))
