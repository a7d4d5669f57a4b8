"""Differences as the engine wants them."""

from __future__ import annotations

import pytest
from pulumi.provider.experimental.provider import PropertyDiffKind

from bareplane_provider.plugin.difference import response, top
from bareplane_provider.plugin.kind import Change, Difference


@pytest.mark.parametrize(
    ("path", "name"),
    [("a", "a"), ("a.b", "a"), ("a[0].b", "a"), ('["x.y"].z', "x.y"), ('facts["file /etc/x"].mode', "facts")],
)
def test_a_path_begins_with_its_property(path: str, name: str) -> None:
    assert top(path) == name


def test_no_change_is_said_to_be_none() -> None:
    assert response(Difference(), set()).changes is False


def test_changes_are_named_and_replacements_by_their_property() -> None:
    found = response(
        Difference([Change("a.b"), Change("c", "add", replace=True), Change("facts.x", "delete")]), {"a", "c"}
    )
    assert found.changes
    assert found.replaces == ["c"]
    assert found.delete_before_replace
    assert {path: (one.kind, one.input_diff) for path, one in found.detailed_diff.items()} == {
        "a.b": (PropertyDiffKind.UPDATE, True),
        "c": (PropertyDiffKind.ADD_REPLACE, True),
        "facts.x": (PropertyDiffKind.DELETE, False),
    }
