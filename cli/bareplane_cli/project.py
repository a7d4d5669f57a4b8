"""The Pulumi project that stacks belong to, found without the engine."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import yaml

from bareplane_cli.errors import ProjectError

FILE = "Pulumi.yaml"


@dataclass(frozen=True)
class Project:
    """Its directory, its name, and the directory with its stacks' configuration."""

    root: Path
    name: str
    config: Path

    def configuration(self, stack: str) -> dict[str, Any]:
        """The stack's own keys of this project, without the project's prefix."""
        path = self.config / f"Pulumi.{stack}.yaml"
        if not path.is_file():
            known = sorted(one.name.split(".")[1] for one in self.config.glob("Pulumi.*.yaml"))
            raise ProjectError(
                f"there is no configuration {path}; stacks that have one are {', '.join(known) or 'none'}; "
                "name another with --stack, or servers with --inventory"
            )
        values: object = mapping(path).get("config") or {}
        prefix = f"{self.name}:"
        return {
            key.removeprefix(prefix): value
            for key, value in cast("dict[str, Any]", values).items()
            if key.startswith(prefix)
        }


def find_project(start: Path) -> Project:
    """The project at `start` or above it."""
    for folder in (start, *start.parents):
        path = folder / FILE
        if path.is_file():
            document = mapping(path)
            return Project(folder, str(document.get("name")), folder / str(document.get("stackConfigDir") or "."))
    raise ProjectError(f"there is no {FILE} in {start} or above it; say where the project is with --project")


def mapping(path: Path) -> dict[str, Any]:
    try:
        document: object = yaml.safe_load(path.read_text())
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ProjectError(f"{path} cannot be read as YAML: {' '.join(str(error).split())}") from error
    if not isinstance(document, dict):
        raise ProjectError(f"{path} holds no keys")
    return cast("dict[str, Any]", document)
