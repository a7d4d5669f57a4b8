"""Keys that do not exist: reported with what was meant, and read as that, so that what stands below is checked too."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any, cast, get_args

from bareplane.specs.wire import Spec

Place = tuple[str | int, ...]
"""Keys and list positions from the top of the configuration."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    names = sorted(set(known))
    meant = closest(word, names)
    return f"; did you mean {meant!r}?" if meant else f"; known are {', '.join(names) or 'none'}"


def closest(word: str, known: Iterable[str]) -> str | None:
    """What was meant by `word`, if it is near enough; case and dashes do not count."""
    plain = {one.lower(): one for one in known}
    found = get_close_matches(word.lower().replace("-", "").replace("_", ""), plain, n=1)
    found = found or get_close_matches(word.lower(), plain, n=1)
    return plain[found[0]] if found else None


def corrected(given: Any, model: type[Spec], at: Place = ()) -> tuple[Any, list[tuple[Place, str]]]:
    """The values under keys that `model` knows, and a complaint for each key that it does not."""
    if not isinstance(given, Mapping):
        return given, []
    values = cast("Mapping[Any, Any]", given)
    fields = {field.alias or name: field.annotation for name, field in model.model_fields.items()}
    made: dict[str, Any] = {key: value for key, value in values.items() if key in fields}
    complaints: list[tuple[Place, str]] = []
    for key, value in values.items():
        if key not in fields:
            complaints.append(((*at, str(key)), f"there is no such key{did_you_mean(str(key), fields)}"))
            meant = closest(str(key), fields)
            if meant is not None and meant not in made:
                made[meant] = value
    for key, value in made.items():
        within = model_within(fields[key])
        if within is None:
            continue
        if isinstance(value, list):
            parts = [corrected(one, within, (*at, key, i)) for i, one in enumerate(cast("list[Any]", value))]
            made[key] = [one for one, _ in parts]
            complaints += [complaint for _, told in parts for complaint in told]
        else:
            made[key], told = corrected(value, within, (*at, key))
            complaints += told
    return made, complaints


def model_within(annotation: Any) -> type[Spec] | None:
    """The spec class inside an annotation such as `tuple[Spec, ...] | None`."""
    if isinstance(annotation, type) and issubclass(annotation, Spec):
        return annotation
    for part in get_args(annotation):
        found = model_within(part)
        if found is not None:
            return found
    return None
