"""From Pulumi's configuration and the inventory file to a StackConfig."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import yaml
from pydantic import ValidationError

from bareplane.config.errors import ConfigError, problems_of
from bareplane.config.models import StackConfig


def read_config(project: str, root: Path) -> StackConfig:
    """The running stack's configuration. `root`: the directory that relative paths start from.

    Raises ConfigError with everything that is wrong.
    """
    raw: dict[str, str] = json.loads(os.environ.get("PULUMI_CONFIG", "{}"))
    return parse_config(values(raw, project), root)


def values(raw: Mapping[str, str], project: str) -> dict[str, Any]:
    """The project's own keys, each read as JSON where it is a structure."""
    prefix = f"{project}:"
    return {key.removeprefix(prefix): structure(text) for key, text in raw.items() if key.startswith(prefix)}


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


def parse_config(given: Mapping[str, Any], root: Path) -> StackConfig:
    """Validate; servers of the inventory file are added to those given in place."""
    complete = dict(given)
    if "inventory" in complete:
        given_here = complete.get("servers", [])
        if isinstance(given_here, list):
            complete["servers"] = [*cast("list[Any]", given_here), *inventory(str(complete["inventory"]), root)]
    try:
        return StackConfig.from_wire(complete)
    except ValidationError as error:
        raise ConfigError(problems_of(error, StackConfig)) from error


def inventory(name: str, root: Path) -> list[Any]:
    path = root / Path(name).expanduser()
    try:
        document: Any = yaml.safe_load(path.read_text())
    except FileNotFoundError:
        raise ConfigError(
            [f"inventory: {name!r}: there is no such file in {root}; `make lab` writes the lab's, or write your own"]
        ) from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError([f"inventory: {name!r} cannot be read as YAML: {error}"]) from error
    if not isinstance(document, dict) or not isinstance(cast("dict[str, Any]", document).get("servers"), list):
        raise ConfigError([f"inventory: {name!r} has no list `servers:`"])
    return cast("dict[str, Any]", document)["servers"]


def network_objects(config: StackConfig, root: Path) -> tuple[dict[str, Any], ...]:
    """The Kubernetes objects in `cluster.network.manifests`. Raises ConfigError naming a file that has none."""
    found: list[dict[str, Any]] = []
    for name in config.cluster.network.manifests:
        try:
            documents = list(yaml.safe_load_all((root / Path(name).expanduser()).read_text()))
        except (OSError, yaml.YAMLError) as error:
            raise ConfigError([f"cluster.network.manifests: {name!r} cannot be read: {error}"]) from error
        objects = [one for one in documents if one]
        if not objects or not all(isinstance(one, dict) and "kind" in one for one in objects):
            raise ConfigError([f"cluster.network.manifests: {name!r} holds no Kubernetes objects"])
        found += objects
    return tuple(found)
