"""From Pulumi's configuration and the inventory file to a StackConfig."""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from bareplane.config.consistency import entries, inconsistencies, name_of, table, texts
from bareplane.config.errors import ConfigError, problems_of
from bareplane.config.inventory import inventory, key_files
from bareplane.config.models import StackConfig
from bareplane.config.seats import unseated
from bareplane.config.spelling import Place, closest, corrected
from bareplane.specs import Connection
from bareplane.specs.wire import Spec


def read_config(project: str, root: Path) -> StackConfig:
    """The running stack's configuration. `root`: the directory that relative paths start from.

    Raises ConfigError with everything that is wrong.
    """
    raw: dict[str, str] = json.loads(os.environ.get("PULUMI_CONFIG", "{}"))
    return parse_config(values(raw, project), root, secret_keys(project), misplaced(raw, project))


def values(raw: Mapping[str, str], project: str) -> dict[str, Any]:
    """The project's own keys, each read as JSON where it is a structure."""
    prefix = f"{project}:"
    return {key.removeprefix(prefix): structure(text) for key, text in raw.items() if key.startswith(prefix)}


def misplaced(raw: Mapping[str, str], project: str) -> list[str]:
    """Keys whose prefix is nearly the project's: nobody else reads them."""
    return [
        f"{key}: nothing reads this key; did you mean '{project}:{key.partition(':')[2]}'?"
        for key in raw
        if not key.startswith(f"{project}:") and closest(key.partition(":")[0], [project])
    ]


def secret_keys(project: str) -> frozenset[str]:
    """The project's keys that hold something set with `--secret`."""
    prefix = f"{project}:"
    secret: list[str] = json.loads(os.environ.get("PULUMI_CONFIG_SECRET_KEYS", "[]"))
    return frozenset(key.removeprefix(prefix) for key in secret if key.startswith(prefix))


def structure(text: str) -> Any:
    if text[:1] not in ("{", "["):
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text  # what the key wants instead is said by its own check


def parse_config(
    given: Mapping[str, Any], root: Path, secret: Collection[str] = (), problems: Sequence[str] = ()
) -> StackConfig:
    """Validate; servers of the inventory file are added to those given in place.

    `secret`: top-level keys whose values no message may show. `problems`: what is known to be wrong already.
    """
    typed, name, told = completed(given, root)
    found = [*problems, *told]
    made: StackConfig | None = None
    try:
        made = StackConfig.from_wire(typed)
    except ValidationError as error:
        found += problems_of(error, name, secret)
    servers = [name(("servers", position)) for position in range(len(entries(typed, "servers")))]
    found += inconsistencies(typed, servers, all_known=name.all_known)
    found += unseated(typed)
    found += key_files(typed, servers)
    found += [text for one in texts(typed, "cluster", "network", "manifests") for text in objects_in(one, root)[1]]
    if made is None or found:
        raise ConfigError(found)
    return made.settled(secret_apps="apps" in secret)


class Servers(Spec):
    """The part of a configuration that says how servers are reached."""

    inventory: str | None = None
    servers: tuple[Connection, ...] = ()


def parse_servers(given: Mapping[str, Any], root: Path) -> tuple[Connection, ...]:
    """The servers alone: what is wrong elsewhere is no reason not to reach them. Raises ConfigError."""
    part = {key: value for key, value in given.items() if key in Servers.model_fields}
    typed, name, problems = completed(part, root)
    try:
        made = Servers.from_wire(typed).servers
    except ValidationError as error:
        raise ConfigError([*problems, *problems_of(error, name)]) from error
    if problems:
        raise ConfigError(problems)
    return made


def completed(given: Mapping[str, Any], root: Path) -> tuple[dict[str, Any], Names, list[str]]:
    """Keys as they were meant, with the inventory's servers; what its keys are called; what is wrong so far."""
    typed, complaints = corrected(given, StackConfig)
    listed, unread = inventory(typed.get("inventory"), root)
    in_place = len(entries(typed, "servers"))
    if listed and isinstance(typed.get("servers", []), list):
        further, misspelt = corrected({"servers": listed}, StackConfig)
        typed["servers"] = [*entries(typed, "servers"), *further["servers"]]
        complaints += [(("servers", int(at[1]) + in_place, *at[2:]), text) for at, text in misspelt]
    name = Names(typed, in_place, all_known=not unread)
    return typed, name, [*(f"{name(at)}: {text}" for at, text in complaints), *unread]


@dataclass(frozen=True)
class Names:
    """Keys as the user knows them: a server by its name, and by the inventory where it stands there."""

    given: Mapping[str, Any]
    in_place: int
    """How many of the servers do not come from the inventory."""
    all_known: bool
    """Whether the inventory could be read."""

    def __call__(self, at: Place) -> str:
        if len(at) < 2 or at[0] != "servers" or not isinstance(at[1], int):
            return ".".join(map(str, at))
        one = entries(self.given, "servers")[at[1]]
        own = at[1] < self.in_place
        where = "servers" if own else f"{self.given.get('inventory')}: servers"
        known = name_of(table(one)) or (at[1] if own else at[1] - self.in_place)
        return ".".join(map(str, (where, known, *at[2:])))


def network_objects(config: StackConfig, root: Path) -> tuple[dict[str, Any], ...]:
    """The Kubernetes objects in `cluster.network.manifests`. Raises ConfigError naming the files that have none."""
    read = [objects_in(one, root) for one in config.cluster.network.manifests]
    problems = [text for _, told in read for text in told]
    if problems:
        raise ConfigError(problems)
    return tuple(one for objects, _ in read for one in objects)


def objects_in(name: str, root: Path) -> tuple[list[dict[str, Any]], list[str]]:
    """A file's Kubernetes objects, or why it has none."""
    try:
        documents = list(yaml.safe_load_all((root / Path(name).expanduser()).read_text()))
    except OSError as error:
        return [], [f"cluster.network.manifests: {name!r} cannot be read: {error.strerror or error}"]
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        return [], [f"cluster.network.manifests: {name!r} cannot be read as YAML: {' '.join(str(error).split())}"]
    objects = [one for one in documents if one]
    if not objects or not all(isinstance(one, dict) and "kind" in one for one in objects):
        return [], [f"cluster.network.manifests: {name!r} holds no Kubernetes objects"]
    return objects, []
