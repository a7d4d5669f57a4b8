"""Named network namespaces, by the prefix of their name."""

from __future__ import annotations

import os

from ..context import Context
from ..host import Host
from ..mounts import mount_points, unmount
from .base import Kind

FOLDER = "/run/netns"
# `ip netns add` makes the directory a mount, once for all namespaces.
SHARED = "(the directory is a mount)"


class Netns(Kind):
    argument = r"[A-Za-z0-9_.-]+"

    @classmethod
    def there(cls, argument: str, host: Host) -> list[str]:
        folder = host.path(FOLDER)
        if not os.path.isdir(folder):
            return []
        found = sorted(name for name in os.listdir(folder) if name.startswith(argument))
        return [*found, SHARED] if folder in mount_points() else found

    @classmethod
    def clear(cls, argument: str, before: frozenset[str], context: Context) -> None:
        folder, mounted = context.host.path(FOLDER), mount_points()
        new = [name for name in cls.there(argument, context.host) if name not in before]
        for name in new:
            path = os.path.join(folder, name)
            if name != SHARED:
                for place in (place for place in mounted if place == path):
                    unmount(place, context.host)
                os.unlink(path)
        if SHARED in new and not os.listdir(folder):
            unmount(folder, context.host)
