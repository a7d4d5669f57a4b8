"""Masks: no form of a secret gets through."""

from __future__ import annotations

import pytest

from bareplane_provider.plugin.masking import Mask

KEY = "-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\nshort\n-----END KEY-----\n"


@pytest.mark.parametrize(
    ("secrets", "text", "masked"),
    [
        (["hunter2"], "password hunter2!", "password [secret]!"),
        (["hunter2", "hunter2-more"], "hunter2-more", "[secret]"),
        (["line\nbreak"], "{'x': 'line\\nbreak'}", "{'x': '[secret]'}"),
        ([KEY], f"got {KEY}", "got [secret]"),
        ([KEY], "read MIIEvQIBADANBgkqhkiG9w0BAQEFAASC here", "read [secret] here"),
        (["yes"], "yes, done", "yes, done"),
        ([], "nothing to hide", "nothing to hide"),
    ],
)
def test_secrets_are_masked(secrets: list[str], text: str, masked: str) -> None:
    assert Mask(secrets)(text) == masked
