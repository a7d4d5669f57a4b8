"""Which servers are meant: from an inventory file, or from a stack's configuration."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bareplane.config.reading import parse_servers
from bareplane.config.spelling import did_you_mean
from bareplane.specs import Connection
from bareplane_cli.errors import ProjectError
from bareplane_cli.project import find_project


def find_servers(
    names: Sequence[str], inventory_file: Path | None, project: Path | None, stack: str
) -> list[Connection]:
    """The servers of these names; all of the inventory or stack when none is named."""
    if inventory_file is not None:
        return chosen(parse_servers({"inventory": inventory_file.name}, inventory_file.absolute().parent), names)
    found = find_project((project or Path()).absolute())
    return chosen(parse_servers(found.configuration(stack), found.root), names)


def chosen(known: Sequence[Connection], names: Sequence[str]) -> list[Connection]:
    by_name = {one.name: one for one in known}
    for name in names:
        if name not in by_name:
            raise ProjectError(f"there is no server {name!r}{did_you_mean(name, by_name)}")
    return [by_name[name] for name in dict.fromkeys(names)] if names else list(by_name.values())
