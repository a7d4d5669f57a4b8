"""Servers that stand in a file, and the users' own files that servers name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import yaml

from bareplane.config.consistency import ROLES, entries, name_of, table, texts
from bareplane.config.errors import shown
from bareplane.config.spelling import did_you_mean
from bareplane.specs.identity_file import identity_problem


def inventory(name: Any, root: Path) -> tuple[list[Any], list[str]]:
    """Its servers, or why there are none to be had; a name that is no text is told by the key's own check."""
    if not isinstance(name, str):
        return [], []
    path = root / Path(name).expanduser()
    try:
        document: Any = yaml.safe_load(path.read_text())
    except FileNotFoundError:
        hint = "`make lab` writes the lab's, or write your own"
        return [], [f"inventory: {name!r}: there is no such file in {root}; {hint}"]
    except OSError as error:
        return [], [f"inventory: {name!r} cannot be read: {error.strerror or error}; name a file with `servers:`"]
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        return [], [f"inventory: {name!r} cannot be read as YAML: {' '.join(str(error).split())}"]
    if document is None:
        return [], [f"inventory: {name!r} is empty; it must have a list `servers:`"]
    if not isinstance(document, dict):
        return [], [f"inventory: {name!r} has no list `servers:`, but {shown(document)}"]
    found = cast("dict[Any, Any]", document)
    strange = [
        f"inventory: {name!r}: {one}: there is no such key{did_you_mean(str(one), ['servers'])}"
        for one in found
        if one != "servers"
    ]
    if not isinstance(found.get("servers"), list):
        return [], strange or [f"inventory: {name!r} has no list `servers:`"]
    return cast("list[Any]", found["servers"]), strange


def key_files(given: Mapping[str, Any], servers: Sequence[str]) -> list[str]:
    """Private keys that nobody could log in with, of the servers that the cluster names and of the hosts on the way."""
    wanted = {one for path in ROLES.values() for one in texts(given, "cluster", *path)}
    problems: list[str] = []
    for name, entry in zip(servers, entries(given, "servers"), strict=True):
        one, key = table(entry), name
        if name_of(one) not in wanted:
            continue
        while one:
            file = one.get("identityFile")
            reason = identity_problem(Path(file).expanduser()) if isinstance(file, str) else None
            if reason:
                problems.append(f"{key}.identityFile: {file!r} {reason}")
            one, key = table(one.get("jump")), f"{key}.jump"
    return problems
