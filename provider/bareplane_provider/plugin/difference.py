"""A kind's difference as the engine's answer, property by property."""

from __future__ import annotations

import re
from collections.abc import Collection

from pulumi.provider.experimental.provider import DiffResponse, PropertyDiff, PropertyDiffKind

from bareplane_provider.plugin.kind import Change, Difference

_KINDS = {
    ("add", False): PropertyDiffKind.ADD,
    ("add", True): PropertyDiffKind.ADD_REPLACE,
    ("delete", False): PropertyDiffKind.DELETE,
    ("delete", True): PropertyDiffKind.DELETE_REPLACE,
    ("update", False): PropertyDiffKind.UPDATE,
    ("update", True): PropertyDiffKind.UPDATE_REPLACE,
}
_FIRST = re.compile(r'\["(?P<quoted>(?:[^"\\]|\\.)*)"\]|(?P<bare>[^.\[]+)')


def top(path: str) -> str:
    """The property a path begins with."""
    match = _FIRST.match(path)
    return (match["quoted"] or match["bare"]) if match else path


def response(difference: Difference, inputs: Collection[str]) -> DiffResponse:
    """`inputs`: the names of old and new inputs; what they contain is compared with the old inputs, not the outputs."""

    def detail(change: Change) -> PropertyDiff:
        return PropertyDiff(_KINDS[change.kind, change.replace], input_diff=top(change.path) in inputs)

    changes = difference.changes
    return DiffResponse(
        changes=bool(changes),
        replaces=list(dict.fromkeys(top(one.path) for one in changes if one.replace)),
        diffs=list(dict.fromkeys(top(one.path) for one in changes)),
        detailed_diff={one.path: detail(one) for one in changes},
        delete_before_replace=difference.delete_first,
    )
