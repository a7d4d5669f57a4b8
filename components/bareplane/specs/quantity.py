"""Kubernetes' quantities of CPU and memory (`500m`, `256Mi`), which limits are given in whatever the placement."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator

QUANTITY = re.compile(r"(?P<number>[0-9]+(?:\.[0-9]+)?)(?P<unit>m|[kMGTP]|[KMGTP]i)?")
UNITS = {
    "m": Decimal("0.001"),
    **{one: Decimal(1000) ** power for power, one in enumerate("kMGTP", 1)},
    **{f"{one}i": Decimal(1024) ** power for power, one in enumerate("KMGTP", 1)},
}
LEAST_MEMORY = 4 << 20
"""Octets: below some 4 MiB runc refuses to start anything."""


def amount(text: str) -> Decimal | None:
    """The number that a quantity stands for; None where it is none."""
    found = QUANTITY.fullmatch(text)
    return Decimal(found["number"]) * UNITS.get(found["unit"], Decimal(1)) if found else None


def millicores(text: str) -> int:
    """Thousandths of a CPU. Raises ValueError for what is no quantity, or less than one of them."""
    found = amount(text)
    if found is None or found * 1000 < 1 or found > 10_000:
        raise ValueError("is no amount of CPU; write it like 500m (half a CPU) or 2")
    return int(found * 1000)


def octets(text: str) -> int:
    """Bytes. Raises ValueError for what is no quantity, or so small that nothing could run in it."""
    found = amount(text)
    if found is None or found < LEAST_MEMORY or found >= 1 << 60:
        raise ValueError("is no amount of memory of 4Mi or more; write it like 256Mi or 1Gi")
    return int(found)


def is_cpu(value: str) -> str:
    millicores(value)
    return value


def is_size(value: str) -> str:
    octets(value)
    return value


Cpu = Annotated[str, AfterValidator(is_cpu)]
Size = Annotated[str, AfterValidator(is_size)]
