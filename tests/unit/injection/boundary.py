"""The one property: a string is refused, or arrives as it was."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Final

Carry = Callable[[Sequence[str]], "Sequence[str | None]"]
"""Takes strings over a boundary; what the other side's own parser made of each, or REFUSED."""
REFUSED: Final = None

TRIED: dict[str, set[str]] = defaultdict(set)
ARRIVED: dict[str, int] = defaultdict(int)
INJECTED: dict[str, int] = defaultdict(int)


def arrives_or_is_refused(boundary: str, carry: Carry, strings: Sequence[str]) -> None:
    """Raises AssertionError naming the first string that came out as something else."""
    came = carry(strings)
    assert len(came) == len(strings), f"{boundary}: {len(strings)} strings went in, {len(came)} came out"
    TRIED[boundary].update(strings)
    ARRIVED[boundary] += sum(one is not REFUSED for one in came)
    wrong = [(sent, got) for sent, got in zip(strings, came, strict=True) if got is not REFUSED and got != sent]
    INJECTED[boundary] += len(wrong)
    assert not wrong, f"{boundary}: {wrong[0][0]!r} came out as {wrong[0][1]!r}"


def through(accept: Callable[[str], object], strings: Sequence[str], refusal: type[Exception]) -> list[str]:
    """The strings that a check lets through; it may refuse with `refusal` alone."""
    passed: list[str] = []
    for one in strings:
        try:
            accept(one)
        except refusal:
            continue
        passed.append(one)
    return passed


def in_place(strings: Sequence[str], passed: Sequence[str], came: Sequence[str]) -> list[str | None]:
    """What came of those that passed, beside REFUSED for the others, in the order of `strings`."""
    assert len(came) == len(passed), f"{len(passed)} strings passed, {len(came)} came out: {list(came)[:5]!r}"
    found = dict(zip(passed, came, strict=True))
    return [found.get(one, REFUSED) for one in strings]
