"""Quoting for shell scripts."""

from __future__ import annotations

import shlex


def shell(value: str) -> str:
    """One word of a script, taken literally. Raises ValueError for NUL, which no word can hold."""
    if "\0" in value:
        raise ValueError(f"{value!r} holds a NUL byte, which a word of a script cannot")
    return shlex.quote(value)
