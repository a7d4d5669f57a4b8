"""Bridges that Docker made for networks of its users, by its own record of them; with each the veth pairs on it."""

from __future__ import annotations

import os
import re

from ..context import Context
from ..host import Host
from .base import Kind
from .links import FOLDER, Links

# Docker names the bridge of a network after the first twelve digits of the network's id.
NAME = re.compile(r"br-([0-9a-f]{12})")


class Bridges(Kind):
    """The argument is Docker's database of networks: what is not in it is not Docker's, whatever it is called."""

    argument = r"/[A-Za-z0-9_./-]+"

    @classmethod
    def there(cls, argument: str, host: Host) -> list[str]:
        try:
            with open(host.path(argument), "rb") as file:
                known = file.read()
        except FileNotFoundError:
            return []
        found = [NAME.fullmatch(name) for name in sorted(os.listdir(FOLDER))]
        return [one.group() for one in found if one and one.group(1).encode() in known]

    @classmethod
    def clear(cls, argument: str, before: frozenset[str], context: Context) -> None:
        for name in cls.there(argument, context.host):
            if name not in before:
                Links.clear(name, frozenset(), context)
