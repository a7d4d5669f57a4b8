"""Which servers are meant: from an inventory file, or from a stack's configuration."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from bareplane.config import ConfigError
from bareplane.config.errors import did_you_mean, problems_of
from bareplane.config.reading import inventory
from bareplane.specs import Connection
from bareplane.specs.wire import Spec
from bareplane_cli.errors import ProjectError
from bareplane_cli.project import Project, find_project


class Servers(Spec):
    """The part of a configuration that says how servers are reached."""

    servers: tuple[Connection, ...]


def find_servers(
    names: Sequence[str], inventory_file: Path | None, project: Path | None, stack: str
) -> list[Connection]:
    """The servers of these names; all of the inventory or stack when none is named."""
    if inventory_file is not None:
        known = parse(inventory(inventory_file.name, inventory_file.absolute().parent))
    else:
        known = of_stack(find_project((project or Path()).absolute()), stack)
    return chosen(known, names)


def of_stack(project: Project, stack: str) -> list[Connection]:
    """Only the servers are read: a mistake elsewhere in the configuration is no reason not to look at them."""
    values = project.configuration(stack)
    here: Any = values.get("servers") or []
    listed = inventory(str(values["inventory"]), project.root) if "inventory" in values else []
    return parse([*here, *listed] if isinstance(here, list) else here)


def parse(servers: Any) -> list[Connection]:
    try:
        return list(Servers.from_wire({"servers": servers}).servers)
    except ValidationError as error:
        raise ConfigError(problems_of(error, Servers)) from error


def chosen(known: Sequence[Connection], names: Sequence[str]) -> list[Connection]:
    by_name = {one.name: one for one in known}
    for name in names:
        if name not in by_name:
            raise ProjectError(f"there is no server {name!r}{did_you_mean(name, by_name)}")
    return [by_name[name] for name in dict.fromkeys(names)] if names else list(by_name.values())
