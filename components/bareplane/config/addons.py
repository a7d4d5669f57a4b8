"""What a cloud would give a cluster: addresses for its Services, and volumes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, field_validator

from bareplane.specs.wire import Spec, VolumePath

LIKE = "write a range like 192.0.2.240-192.0.2.250, or a network like 192.0.2.240/28"


@dataclass(frozen=True)
class Range:
    """Addresses in a row, both ends included."""

    first: IPv4Address
    last: IPv4Address

    @staticmethod
    def parse(text: str) -> Range:
        """Raises ValueError saying what is wrong."""
        try:
            if "/" in text:
                network = IPv4Network(text)
                return Range(network[0], network[-1])
            first, _, last = text.partition("-")
            made = Range(IPv4Address(first), IPv4Address(last))
        except ValueError:
            raise ValueError(f"is no range of IPv4 addresses; {LIKE}") from None
        if made.first > made.last:
            raise ValueError(f"ends before it begins; {LIKE}")
        return made

    def __contains__(self, address: IPv4Address) -> bool:
        return self.first <= address <= self.last

    def overlaps(self, other: Range | IPv4Network) -> bool:
        first, last = (other.first, other.last) if isinstance(other, Range) else (other[0], other[-1])
        return self.first <= last and first <= self.last


def can_be_given(value: str) -> str:
    one = Range.parse(value)
    if any(unusable(end) for end in (one.first, one.last)):
        raise ValueError("no Service can have these; take addresses of the nodes' network")
    return value


def unusable(address: IPv4Address) -> bool:
    return (
        address.is_loopback
        or address.is_multicast
        or address.is_unspecified
        or address.is_link_local
        or address.is_reserved
    )


class LoadBalancerConfig(Spec):
    """MetalLB, and the addresses it may give."""

    addresses: Annotated[tuple[Annotated[str, AfterValidator(can_be_given)], ...], Field(min_length=1)]
    """Ranges or networks of the nodes' own network, which nothing else uses."""

    @field_validator("addresses")
    @classmethod
    def are_apart(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        made = ranges(value)
        for position, (text, one) in enumerate(made):
            for other, before in made[:position]:
                if one.overlaps(before):
                    raise ValueError(f"{text!r} overlaps {other!r}; give each address once")
        return value


class StorageConfig(Spec):
    """Volumes in a directory of the nodes."""

    path: VolumePath = "/var/lib/bareplane-volumes"
    default: bool = True
    """Whether claims that name no class get theirs here."""
    reclaim_policy: Literal["Delete", "Retain"] = "Delete"
    """What becomes of a volume when its claim is deleted."""


def ranges(texts: Iterable[str]) -> list[tuple[str, Range]]:
    """Those that can be read, with their text; what is wrong with the others is told by their key's own check."""
    found: list[tuple[str, Range]] = []
    for text in texts:
        try:
            found.append((text, Range.parse(text)))
        except ValueError:
            continue
    return found
