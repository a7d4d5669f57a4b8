"""Mounts at and below a path."""

from __future__ import annotations

from ..context import Context
from ..host import Host
from ..mounts import mount_points, unmount
from .base import Kind


class Mounts(Kind):
    argument = r"/[^\x00-\x1f]+"

    @classmethod
    def there(cls, argument: str, host: Host) -> list[str]:
        path = host.path(argument.rstrip("/"))
        return [place for place in mount_points() if place == path or place.startswith(path + "/")]

    @classmethod
    def clear(cls, argument: str, before: frozenset[str], context: Context) -> None:
        for place in reversed(cls.there(argument, context.host)):
            if place not in before:
                unmount(place, context.host)
