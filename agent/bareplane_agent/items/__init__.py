"""Every type of item, by name."""

from __future__ import annotations

from typing import Dict, Sequence, Type

from ..errors import RequestError
from ..fields import Fields
from .base import Item
from .command import Command
from .directory import Directory
from .file import File
from .image import Image
from .line import Line
from .module import Module
from .package import Package
from .residue import Residue
from .symlink import Symlink
from .sysctl import Sysctl
from .unit import Unit

TYPES: Dict[str, Type[Item]] = {
    one.type: one for one in (File, Directory, Symlink, Line, Unit, Sysctl, Module, Package, Command, Image, Residue)
}


def parse_items(values: Sequence[object], observing: bool) -> tuple[Item, ...]:
    """Items in order; two with one key are an error."""
    items: list[Item] = []
    known: set[str] = set()
    for number, value in enumerate(values):
        plain = Fields(value, f"item {number}", observing)
        name = plain.one_of("type", TYPES, "")
        item = TYPES[name].parse(plain)
        plain.finish()
        if item.key in known:
            raise RequestError(f"item {number}: there are two items {item.key!r}")
        known.add(item.key)
        items.append(item)
    return tuple(items)
