"""iptables chains by the prefix of their name, with the rules that lead to them."""

from __future__ import annotations

import re
import shlex
from typing import Iterator

from ..context import Context
from ..errors import UndoError
from ..host import Host
from .base import Kind
from .nft import tables

PROGRAMS = ("iptables", "ip6tables")


class Iptables(Kind):
    argument = r"[A-Za-z0-9_-]+"

    @classmethod
    def there(cls, argument: str, host: Host) -> list[str]:
        # Using iptables makes whole tables in nftables, so those that are there are part of what was before.
        found = [f"nft {table}" for table in tables(host) if _made_by_iptables(table)]
        for program in PROGRAMS:
            found += [f"{program} {table} {chain}" for table, chain in _chains(program, argument, host)]
        return found

    @classmethod
    def clear(cls, argument: str, before: frozenset[str], context: Context) -> None:
        host = context.host
        for program in PROGRAMS:
            doomed = [one for one in _chains(program, argument, host) if f"{program} {one[0]} {one[1]}" not in before]
            for step in (_unlink, _flush, _delete):
                step(program, doomed, host)
        for table in tables(host):
            if _made_by_iptables(table) and f"nft {table}" not in before and not _has_rules(table, host):
                host.run(["nft", "delete", "table", *table.split()])


def _made_by_iptables(table: str) -> bool:
    return table in {f"{family} {name}" for family in ("ip", "ip6") for name in ("filter", "nat", "mangle", "raw")}


def _saved(program: str, host: Host) -> Iterator[tuple[str, str]]:
    """(table, line) of what is in force."""
    table = ""
    if host.find(f"{program}-save") is None:
        return
    for line in host.run([f"{program}-save"]).out.splitlines():
        if line.startswith("*"):
            table = line[1:]
        elif line.startswith((":", "-A ")):
            yield table, line


def _chains(program: str, prefix: str, host: Host) -> list[tuple[str, str]]:
    return [(table, line[1:].split()[0]) for table, line in _saved(program, host) if line.startswith(":" + prefix)]


def _unlink(program: str, chains: list[tuple[str, str]], host: Host) -> None:
    for table, line in list(_saved(program, host)) if chains else []:
        words = shlex.split(line)
        target = next((words[at + 1] for at, word in enumerate(words[:-1]) if word in ("-j", "-g")), "")
        if (table, target) in chains:
            host.must([program, "-w", "-t", table, "-D", *words[1:]])


def _flush(program: str, chains: list[tuple[str, str]], host: Host) -> None:
    for table, chain in chains:
        host.must([program, "-w", "-t", table, "-F", chain])


def _delete(program: str, chains: list[tuple[str, str]], host: Host) -> None:
    for table, chain in chains:
        done = host.run([program, "-w", "-t", table, "-X", chain])
        if done.code != 0:
            raise UndoError(f"deleting {program} chain {chain} of table {table}: {done.last_lines()}")


def _has_rules(table: str, host: Host) -> bool:
    """Anything but empty base chains."""
    listed = host.run(["nft", "list", "table", *table.split()]).out
    body = [line.strip() for line in listed.splitlines()]
    plain = re.compile(r"table .*\{|chain .*\{|type .* hook .*;.*|\}|")
    return not all(plain.fullmatch(line) for line in body)
