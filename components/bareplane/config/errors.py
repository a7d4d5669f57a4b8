"""How wrong configuration is reported."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any, cast

from pydantic import ValidationError
from pydantic.alias_generators import to_camel

from bareplane.config.spelling import Place
from bareplane.specs.wire import DNS_LABEL, DNS_NAME, USER, VERSION
from bareplane.specs.workload import APP

LONGEST = 100
"""Characters of a value that a message shows."""
SEALED = "secretEnvironment"
ENVIRONMENTS = ("environment", SEALED)
"""Keys that hold names of the user's own; no value below the second is shown."""
PATTERNS = {
    DNS_LABEL: "must be lower-case letters, digits and dashes, at most 63, neither first nor last a dash",
    APP: "must be lower-case letters and digits, with single dashes between them, at most 50",
    DNS_NAME: "must be a DNS name in lower case, like cluster.example.org",
    USER: "must be the name of a user there: lower-case letters, digits, dashes and underscores, at most 32",
    VERSION: "must be a full version, like 1.36.3",
}
WORDS = {
    "bool": "must be true or false",
    "int": "must be a whole number",
    "tuple": "must be a list, like [a, b]",
    "model": "must hold keys with values",
    "dict": "must hold keys with values",
    "string": "must be text",
    "missing": "is required",
    "too_short": "must have at least {min_length}",
    "string_too_long": "must have at most {max_length} characters",
    "literal_error": "must be {expected}",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
}
"""By pydantic's type of error, whole or up to its first underscore (`int_parsing`, `int_type`, `int_from_float`, …)."""


class ConfigError(Exception):
    """The configuration cannot be used; the message has one line for each thing that is wrong."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("the configuration cannot be used:\n" + "\n".join(f"  - {one}" for one in problems))


def problems_of(error: ValidationError, name: Callable[[Place], str], secret: Collection[str] = ()) -> list[str]:
    """One line for each error: the key, the value, and what would be right.

    `name`: a key as the user knows it. `secret`: top-level keys whose values are not shown.
    """
    return [problem(one, name, secret) for one in cast("list[Any]", error.errors(include_url=False))]


def problem(error: dict[str, Any], name: Callable[[Place], str], secret: Collection[str]) -> str:
    place = place_of(error["loc"])
    kind, value = str(error["type"]), error["input"]
    if kind == "string_pattern_mismatch":
        message = PATTERNS.get(error["ctx"]["pattern"], str(error["msg"]))
    else:
        words = WORDS.get(kind, WORDS.get(kind.partition("_")[0]))
        message = words.format(**error.get("ctx", {})) if words else str(error["msg"]).removeprefix("Value error, ")
    if kind == "string_type" and isinstance(value, int | float):
        message = "must be text; put it in quotes"
    nothing = value is None or value == ()
    if kind == "missing" or (nothing and message.startswith("is ")) or place[0] in secret or SEALED in place:
        return f"{name(place)}: {message}"
    return f"{name(place)}: {shown(value)}: {message}"


def place_of(location: Place) -> Place:
    """Defaults are named by the field, everything else by the key; variables of an environment keep their names."""
    found: list[str | int] = []
    for part in location:
        variable = bool(found) and found[-1] in ENVIRONMENTS
        if part != "[key]":  # how pydantic says that it is the name that is wrong
            found.append(to_camel(part) if isinstance(part, str) and "_" in part and not variable else part)
    return tuple(found)


def shown(value: Any) -> str:
    """A value as a message shows it: `nothing` where a key has none, and no more than fits a line."""
    text = "nothing" if value is None else repr(value)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
