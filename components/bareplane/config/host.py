"""`hosts`: servers that run containers for apps, beside the cluster or on its nodes."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator

from bareplane.specs import Engine
from bareplane.specs.wire import NodeName, Spec


class HostConfig(Spec):
    """One container host."""

    server: NodeName
    engine: Engine = "containerd"
    """What runs the apps' containers there."""
    images: Annotated[tuple[str, ...], Field(validate_default=True)] = ()
    """Images of the catalog in Docker's store, for hosts that reach no registry."""

    @field_validator("images")
    @classmethod
    def are_for_docker(cls, value: tuple[str, ...], others: ValidationInfo) -> tuple[str, ...]:
        engine = others.data.get("engine", "docker")
        if value and engine != "docker":
            raise ValueError(f"is for engine docker; with {engine} each app brings its own image, leave it out")
        return value
