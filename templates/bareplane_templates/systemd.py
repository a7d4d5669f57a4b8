"""Quoting for systemd's unit files (systemd.syntax(7), systemd.service(5))."""

from __future__ import annotations

import re

PLAIN = re.compile(r"[A-Za-z0-9_./:=@,+-]+")
NAME = re.compile(r"[A-Za-z0-9_.-]+")


def argument(value: str) -> str:
    """One argument of an Exec line, taken literally: specifiers, variables, quotes and white space lose their meaning.

    Raises ValueError for NUL and line breaks, which no unit file can hold.
    """
    refuse_controls(value)
    if PLAIN.fullmatch(value):
        return value
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{escaped.replace(chr(9), chr(92) + "t")}"'


def word(value: str) -> str:
    """A value that stands for itself (a unit's name, a path, an address). Raises ValueError for anything stranger."""
    # str() makes Jinja2 complain of a value that was left out.
    if not PLAIN.fullmatch(str(value)):
        raise ValueError(f"{value!r} cannot stand in a systemd unit")
    return value


def name(value: str) -> str:
    """A credential's name, which a colon ends. Raises ValueError for anything but letters, digits, `_`, `.`, `-`."""
    if not NAME.fullmatch(str(value)):
        raise ValueError(f"{value!r} cannot be the name of a systemd credential")
    return value


def text(value: str) -> str:
    """Words for people, on one line. Raises ValueError for control characters."""
    refuse_controls(value)
    # A backslash at the end would take the next line along; what is blank at the end is no part of a line.
    return value.replace("%", "%%").rstrip("\\ \t")


def variable(value: str) -> str:
    """A value in an environment file, taken literally. Raises ValueError for control characters but tab and newline."""
    refuse_controls(value.replace("\n", ""))
    escaped = re.sub(r'([\\"`$])', r"\\\1", value)
    return f'"{escaped}"'


def refuse_controls(value: str) -> None:
    """Raises ValueError for what makes systemd drop a line or refuse the whole unit."""
    for character in value:
        code = ord(character)
        if character != "\t" and (code < 32 or code == 127):
            raise ValueError(f"{value!r} holds a control character, which a systemd unit cannot")
        # Not characters to Unicode, nor to systemd's check of UTF-8; halves of surrogate pairs cannot be written.
        if 0xFDD0 <= code <= 0xFDEF or code & 0xFFFE == 0xFFFE or 0xD800 <= code <= 0xDFFF:
            raise ValueError(f"{value!r} holds U+{code:04X}, which a systemd unit cannot")
