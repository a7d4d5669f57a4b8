"""Routes by their protocol, in every table."""

from __future__ import annotations

from ..context import Context
from ..errors import UndoError
from ..host import Host
from .base import Kind

# States that `ip route show` appends and `ip route delete` does not take.
STATES = frozenset({"linkdown", "dead", "offload", "trap", "rt_offload", "rt_trap"})


class Routes(Kind):
    argument = r"[A-Za-z0-9_-]+"

    @classmethod
    def there(cls, argument: str, host: Host) -> list[str]:
        found: list[str] = []
        for family in ("-4", "-6"):
            # A kernel without IPv6 answers with an error, and has no such routes.
            done = host.run(["ip", family, "route", "show", "table", "all", "proto", argument])
            for line in done.out.splitlines():
                words = [word for word in line.split() if word not in STATES]
                if words and done.code == 0:
                    found.append(" ".join([family, *words]))
        return found

    @classmethod
    def clear(cls, argument: str, before: frozenset[str], context: Context) -> None:
        for route in cls.there(argument, context.host):
            if route in before:
                continue
            family, *words = route.split()
            done = context.host.run(["ip", family, "route", "delete", *words, "proto", argument])
            if done.code != 0 and route in cls.there(argument, context.host):
                raise UndoError(f"deleting route {route}: {done.last_lines()}")
