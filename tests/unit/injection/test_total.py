"""A soak vouches for the boundaries only when enough strings were tried and none got through."""

from __future__ import annotations

from typing import Any

import pytest

from tests.provider.conformance.document import shortcomings


@pytest.mark.parametrize(
    ("figures", "told"),
    [
        ({"injection": {"hostile strings": 10_000, "injections": 0}}, []),
        ({"injection": {"hostile strings": 9_999, "injections": 0}}, ["9999 hostile strings were tried"]),
        ({"injection": {"hostile strings": 20_000, "injections": 1}}, ["1 hostile strings were taken"]),
        ({}, ["0 hostile strings were tried"]),
    ],
)
def test_too_few_or_one_too_many_is_told(figures: dict[str, Any], told: list[str]) -> None:
    found = list(shortcomings(figures))
    assert [one.startswith(start) for one, start in zip(found, told, strict=True)] == [True] * len(told)
