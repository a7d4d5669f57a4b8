"""Every kind keeps its word: the table's rows, each through every check."""

from __future__ import annotations

import pytest

from bareplane_provider.kinds import KINDS
from tests.provider.conformance.checks import CHECKS, Check
from tests.provider.conformance.kit import Kit
from tests.provider.conformance.row import Row
from tests.provider.conformance.table import ROWS

CHECKED = [row for row in ROWS if row.checked]


def test_every_kind_is_in_the_table() -> None:
    assert {row.token for row in CHECKED} == set(KINDS)


# The last of the parameters changes slowest: a row goes through all checks before the next one is made.
@pytest.mark.parametrize(("name", "check"), CHECKS, ids=[name.replace(" ", "-") for name, _ in CHECKS])
@pytest.mark.parametrize("row", CHECKED, ids=lambda row: row.kind)
def test_kind(kit: Kit, row: Row, name: str, check: Check) -> None:
    assert kit.check(row, name, check) == []


def test_all_is_gone_at_the_end(kit: Kit) -> None:
    assert kit.take_away() == []
