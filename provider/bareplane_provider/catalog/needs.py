"""What a resource takes from the catalog."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Needs:
    """Programs with the version each has to have (None: the catalog's), and images, by name."""

    programs: frozenset[tuple[str, str | None]] = frozenset()
    images: frozenset[str] = frozenset()

    @staticmethod
    def together(several: Iterable[Needs]) -> Needs:
        """What all of them take."""
        found = list(several)
        return Needs(
            frozenset(program for one in found for program in one.programs),
            frozenset(image for one in found for image in one.images),
        )
