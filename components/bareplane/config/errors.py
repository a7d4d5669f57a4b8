"""How wrong configuration is reported."""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Any, cast, get_args

from pydantic import ValidationError

from bareplane.specs.wire import Spec


class ConfigError(Exception):
    """The configuration cannot be used; the message has one line for each thing that is wrong."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("the configuration cannot be used:\n" + "\n".join(f"  - {one}" for one in problems))


def problems_of(error: ValidationError, model: type[Spec], prefix: str = "") -> list[str]:
    """One line for each error: the key, the value, and what would be right."""
    return [problem(one, model, prefix) for one in cast("list[Any]", error.errors(include_url=False))]


def problem(error: dict[str, Any], model: type[Spec], prefix: str) -> str:
    path = [str(part) for part in error["loc"]]
    key = ".".join([prefix, *path] if prefix else path) or "(the configuration)"
    if error["type"] == "extra_forbidden":
        return f"{key}: there is no such key{did_you_mean(path[-1], names_at(model, path[:-1]))}"
    if error["type"] == "missing":
        return f"{key}: is required"
    message = str(error["msg"]).removeprefix("Value error, ")
    return f"{key}: {error['input']!r}: {message}" if not isinstance(error["input"], dict) else f"{key}: {message}"


def did_you_mean(word: str, known: Iterable[str]) -> str:
    names = sorted(known)
    close = get_close_matches(word, names, n=1)
    return f"; did you mean {close[0]!r}?" if close else f"; known are {', '.join(names)}"


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
