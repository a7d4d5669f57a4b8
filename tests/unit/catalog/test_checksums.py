"""The forms in which upstream publishes checksums."""

from __future__ import annotations

import pytest

from bareplane_provider.catalog.upstream import published_checksum

A, B = "a" * 64, "B" * 64


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (A, A),
        (f"{B}\n", B.lower()),
        (f"{A}  tool.tgz\n", A),
        (f"{A} *tool.tgz\n", A),
        (f"{A}  release/tool.tgz\n", A),
        (f"{B}  other.tgz\n{A}  tool.tgz\n", A),
        (f"{A}  other.tgz\n", None),
        ("<html>not found</html>", None),
        ("not-a-checksum", None),
        ("", None),
    ],
)
def test_the_checksum_of_the_file_is_found(text, found):
    assert published_checksum(text, "tool.tgz") == found
