"""Reading one JSON object from the client, field by field, with errors that name the field."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any, Iterable, Mapping, cast

from .errors import RequestError

NAME = r"[A-Za-z0-9][A-Za-z0-9_.:@%+-]*"
SHA256 = r"[0-9a-f]{64}"
MODE = r"0?[0-7]{3,4}"
ACCOUNT = r"[a-z_][a-z0-9_-]*\$?|[0-9]+"


class Fields:
    """One JSON object; every field must be asked for, so that a misspelt one is an error.

    `observing`: what only `apply` needs (contents, programs to run) may be left out.
    """

    def __init__(self, value: object, what: str, observing: bool = False) -> None:
        if not isinstance(value, dict):
            raise RequestError(f"{what}: expected an object, got {type(value).__name__}")
        self._values = cast("Mapping[str, Any]", value)
        self._asked: set[str] = set()
        self.what = what
        self.observing = observing

    def wrong(self, name: str, why: str) -> RequestError:
        return RequestError(f"{self.what}: field {name!r} {why}")

    def has(self, name: str) -> bool:
        return self._values.get(name) is not None

    def given(self, name: str) -> bool:
        """Present, perhaps as null."""
        return name in self._values

    def raw(self, name: str) -> object:
        self._asked.add(name)
        return self._values.get(name)

    def optional_text(self, name: str, pattern: str | None = None) -> str | None:
        value = self.raw(name)
        if value is None:
            return None
        if not isinstance(value, str):
            raise self.wrong(name, f"must be a string, got {type(value).__name__}")
        if "\0" in value:
            raise self.wrong(name, "must not hold a NUL character")
        if pattern is not None and not re.fullmatch(pattern, value):
            raise self.wrong(name, f"is {value!r}, which does not match {pattern}")
        return value

    def text(self, name: str, pattern: str | None = None, default: str | None = None) -> str:
        value = self.optional_text(name, pattern)
        if value is None:
            value = default
        if value is None:
            raise self.wrong(name, "is missing")
        return value

    def optional_path(self, name: str) -> str | None:
        value = self.optional_text(name)
        return None if value is None else check_path(value, f"{self.what}: field {name!r}")

    def path(self, name: str) -> str:
        value = self.optional_path(name)
        if value is None:
            raise self.wrong(name, "is missing")
        return value

    def optional_flag(self, name: str, default: bool) -> bool | None:
        """A flag whose null means: leave it as it is."""
        if self.given(name) and self.raw(name) is None:
            return None
        return self.flag(name, default)

    def flag(self, name: str, default: bool) -> bool:
        value = self.raw(name)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise self.wrong(name, "must be true or false")
        return value

    def number(self, name: str, default: float) -> float:
        value = self.raw(name)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0:
            raise self.wrong(name, "must be a number of seconds")
        return float(value)

    def optional_bytes(self, name: str) -> bytes | None:
        value = self.optional_text(name)
        if value is None:
            return None
        try:
            return base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError) as error:
            raise self.wrong(name, "is not base64") from error

    def listed(self, name: str) -> list[object]:
        value = self.raw(name)
        if value is None:
            return []
        if not isinstance(value, list):
            raise self.wrong(name, "must be a list")
        return cast("list[object]", value)

    def texts(self, name: str) -> tuple[str, ...]:
        found: list[str] = []
        for value in self.listed(name):
            if not isinstance(value, str) or "\0" in value:
                raise self.wrong(name, "must be a list of strings")
            found.append(value)
        return tuple(found)

    def mapping(self, name: str) -> dict[str, str]:
        value = self.raw(name)
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise self.wrong(name, "must be an object of strings")
        found: dict[str, str] = {}
        for key, text in cast("dict[object, object]", value).items():
            if not isinstance(key, str) or not isinstance(text, str):
                raise self.wrong(name, "must be an object of strings")
            found[key] = text
        return found

    def mode(self, name: str, default: str) -> str:
        """A file mode as four octal digits."""
        return self.text(name, MODE, default).rjust(4, "0")[-4:]

    def one_of(self, name: str, choices: Iterable[str], default: str) -> str:
        value = self.text(name, None, default)
        if value not in set(choices):
            raise self.wrong(name, f"is {value!r}; it must be one of {', '.join(sorted(choices))}")
        return value

    def finish(self) -> None:
        """Every field was read."""
        unknown = sorted(set(self._values) - self._asked)
        if unknown:
            raise RequestError(f"{self.what}: unknown field {unknown[0]!r}")


def check_path(value: str, what: str) -> str:
    """An absolute path without `.`, `..`, empty parts or control characters; not `/` itself."""
    parts = value.split("/")
    if not value.startswith("/") or any(part in ("", ".", "..") for part in parts[1:]):
        raise RequestError(f"{what} is {value!r}; it must be an absolute path without '.', '..' or a trailing '/'")
    if any(ord(character) < 32 for character in value):
        raise RequestError(f"{what} is {value!r}; it must not hold control characters")
    return value
