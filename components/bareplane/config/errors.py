"""How wrong configuration is reported."""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Any, cast, get_args

from pydantic import ValidationError
from pydantic.alias_generators import to_camel

from bareplane.specs.wire import DNS_LABEL, DNS_NAME, VERSION, Spec

LINES = "\n"
"""Between the problems of one error, each of which names its own key."""
IN_WORDS = {
    DNS_LABEL: "must be lower-case letters, digits and dashes, at most 63, neither first nor last a dash",
    DNS_NAME: "must be a DNS name in lower case, like cluster.example.org",
    VERSION: "must be a full version, like 1.36.3",
}


class ConfigError(Exception):
    """The configuration cannot be used; the message has one line for each thing that is wrong."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("the configuration cannot be used:\n" + "\n".join(f"  - {one}" for one in problems))


def problems_of(error: ValidationError, model: type[Spec]) -> list[str]:
    """One line for each error: the key, the value, and what would be right."""
    return [line for one in cast("list[Any]", error.errors(include_url=False)) for line in problem(one, model)]


def problem(error: dict[str, Any], model: type[Spec]) -> list[str]:
    path = [str(part) for part in error["loc"]]
    key, value = ".".join(path), error["input"]
    message = str(error["msg"]).removeprefix("Value error, ")
    if not path:
        return message.split(LINES)
    if error["type"] == "extra_forbidden":
        return [f"{key}: there is no such key{did_you_mean(path[-1], names_at(model, path[:-1]))}"]
    # Defaults are named by the field, everything else by the key.
    key = ".".join(to_camel(part) if part.islower() and "_" in part else part for part in path)
    if error["type"] == "missing":
        return [f"{key}: is required"]
    if error["type"] == "string_pattern_mismatch":
        message = IN_WORDS.get(error["ctx"]["pattern"], message)
    if error["type"] == "string_type" and isinstance(value, int | float):
        message = f"must be text; put it in quotes: '{value}'"
    return [f"{key}: {message}" if isinstance(value, dict) else f"{key}: {value!r}: {message}"]


def did_you_mean(word: str, known: Iterable[str]) -> str:
    names = sorted(known)
    close = get_close_matches(word, names, n=1)
    return f"; did you mean {close[0]!r}?" if close else f"; known are {', '.join(names) or 'none'}"


def names_at(model: type[Spec], path: Sequence[str]) -> list[str]:
    """The keys a model takes at a path of keys and list positions."""
    here: Any = model
    for part in path:
        if part.isdigit():
            continue
        fields: dict[str, Any] = {field.alias or name: field for name, field in here.model_fields.items()}
        if part not in fields:
            return []
        here = model_within(fields[part].annotation)
        if here is None:
            return []
    return [field.alias or name for name, field in here.model_fields.items()]


def model_within(annotation: Any) -> type[Spec] | None:
    """The spec class inside an annotation such as `tuple[Spec, ...] | None`."""
    if isinstance(annotation, type) and issubclass(annotation, Spec):
        return annotation
    for part in get_args(annotation):
        found = model_within(part)
        if found is not None:
            return found
    return None
