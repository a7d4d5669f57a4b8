"""Network links by name, or by prefix when the argument ends in `*`; with a bridge go the veth pairs on it."""

from __future__ import annotations

import os

from ..context import Context
from ..errors import UndoError
from ..host import Host
from .base import Kind

FOLDER = "/sys/class/net"


class Links(Kind):
    argument = r"[A-Za-z0-9_.@-]{1,15}\*?"

    @classmethod
    def there(cls, argument: str, host: Host) -> list[str]:
        names = sorted(os.listdir(FOLDER))
        if argument.endswith("*"):
            return [name for name in names if name.startswith(argument[:-1])]
        return [name for name in names if name == argument or _master(name) == argument]

    @classmethod
    def clear(cls, argument: str, before: frozenset[str], context: Context) -> None:
        # What hangs on a bridge was put there by who made the bridge; a port of ours on a bridge of theirs is new too.
        doomed = [name for name in cls.there(argument, context.host) if name not in before]
        for name in sorted(doomed, key=lambda name: name == argument):
            if name != argument and not argument.endswith("*") and not _is_veth(name):
                continue
            done = context.host.run(["ip", "link", "delete", "dev", name])
            if done.code != 0 and os.path.exists(os.path.join(FOLDER, name)):
                raise UndoError(f"deleting link {name}: {done.last_lines()}")


def _master(name: str) -> str:
    try:
        return os.path.basename(os.readlink(os.path.join(FOLDER, name, "master")))
    except OSError:
        return ""


def _is_veth(name: str) -> bool:
    # A virtual device whose other end is in another namespace or under another index.
    try:
        with open(os.path.join(FOLDER, name, "iflink"), encoding="ascii") as one:
            other = one.read()
        with open(os.path.join(FOLDER, name, "ifindex"), encoding="ascii") as one:
            own = one.read()
    except OSError:
        return False
    return other != own and not os.path.exists(os.path.join(FOLDER, name, "device"))
