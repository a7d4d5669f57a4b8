"""Lists in which nothing may stand twice."""

from __future__ import annotations


def refuse_repeated(values: tuple[str, ...]) -> tuple[str, ...]:
    """The values, unless one stands there twice."""
    twice = sorted({one for one in values if values.count(one) > 1})
    if twice:
        raise ValueError(f"{', '.join(twice)} stands there more than once; once is enough")
    return values
