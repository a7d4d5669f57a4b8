"""An nftables table."""

from __future__ import annotations

from ..context import Context
from ..errors import UndoError
from ..host import Host
from .base import Kind


class Nft(Kind):
    argument = r"(ip|ip6|inet|arp|bridge|netdev) [A-Za-z0-9_.-]+"

    @classmethod
    def there(cls, argument: str, host: Host) -> list[str]:
        return [table for table in tables(host) if table == argument]

    @classmethod
    def clear(cls, argument: str, before: frozenset[str], context: Context) -> None:
        for table in cls.there(argument, context.host):
            if table not in before:
                done = context.host.run(["nft", "delete", "table", *table.split()])
                if done.code != 0 and table in tables(context.host):
                    raise UndoError(f"deleting nftables table {table}: {done.last_lines()}")


def tables(host: Host) -> list[str]:
    """`family name` of each; none where there is no nft."""
    if host.find("nft") is None:
        return []
    done = host.run(["nft", "list", "tables"])
    return [line[len("table ") :] for line in done.out.splitlines() if line.startswith("table ")]
