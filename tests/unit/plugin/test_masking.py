"""Masks: no form of a secret gets through."""

from __future__ import annotations

import base64
import json

import pytest

from bareplane_provider.plugin.masking import Mask, printable

KEY = "-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\nshort\n-----END KEY-----\n"


@pytest.mark.parametrize(
    ("secrets", "text", "masked"),
    [
        (["hunter2"], "password hunter2!", "password [secret]!"),
        (["hunter2", "hunter2-more"], "hunter2-more", "[secret]"),
        (["line\nbreak"], "{'x': 'line\\nbreak'}", "{'x': '[secret]'}"),
        ([KEY], f"got {KEY}", "got [secret]"),
        ([KEY], "read MIIEvQIBADANBgkqhkiG9w0BAQEFAASC here", "read [secret] here"),
        ([KEY], f"began with {KEY[:50]!r}", "began with '[secret]'"),
        ([KEY], json.dumps({"key": KEY}), '{"key": "[secret]"}'),
        (["hunter2"], f"data: {base64.b64encode(b'hunter2').decode()}", "data: [secret]"),
        (["yes"], "yes, done", "yes, done"),
        ([], "nothing to hide", "nothing to hide"),
    ],
)
def test_secrets_are_masked(secrets: list[str], text: str, masked: str) -> None:
    assert Mask(secrets)(text) == masked


def test_a_secret_made_meanwhile_is_masked() -> None:
    mask = Mask(["hunter2"])
    assert mask("token abcdef") == "token abcdef"
    mask.add("abcdef")
    assert mask("token abcdef of hunter2") == "token [secret] of [secret]"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a line\n\tand another", "a line\n\tand another"),
        ("\x1b[2Jcleared\r", "\\x1b[2Jcleared\\r"),
        ("left\u202eright", "left\\u202eright"),
        ("<{%fg 1%}>", "<{ %fg 1%}>"),
        ("日本 ü 😀", "日本 ü 😀"),
    ],
)
def test_a_terminal_is_given_nothing_to_obey(text: str, shown: str) -> None:
    assert printable(text) == shown
    assert Mask([])(text) == shown
