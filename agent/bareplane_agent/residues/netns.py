"""Named network namespaces, by the prefix of their name."""

from __future__ import annotations

import os

from ..context import Context
from ..host import Host
from ..mounts import mount_points, unmount
from .base import Kind

FOLDER = "/run/netns"


class Netns(Kind):
    argument = r"[A-Za-z0-9_.-]+"

    @classmethod
    def there(cls, argument: str, host: Host) -> list[str]:
        folder = host.path(FOLDER)
        return sorted(n for n in os.listdir(folder) if n.startswith(argument)) if os.path.isdir(folder) else []

    @classmethod
    def clear(cls, argument: str, before: frozenset[str], context: Context) -> None:
        mounted = mount_points()
        for name in cls.there(argument, context.host):
            if name in before:
                continue
            path = os.path.join(context.host.path(FOLDER), name)
            for place in (place for place in mounted if place == path):
                unmount(place, context.host)
            os.unlink(path)
