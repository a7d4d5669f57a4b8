"""`apps`: workloads, each declared once and placed in whichever way."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator

from bareplane.config.repeated import refuse_repeated
from bareplane.specs.wire import NodeName, Spec
from bareplane.specs.workload import (
    AppName,
    Command,
    Environment,
    HealthCheckSpec,
    LimitsSpec,
    Placement,
    Port,
    VolumeSpec,
)

PLACEMENTS: Mapping[str, Placement] = {"traditional": "process", "containerization": "container"}
"""Where apps run that say nothing, by the stack's model."""
NEED_IMAGES: tuple[Placement, ...] = ("container", "deployment")


class AppConfig(Spec):
    """One app, declared once for all placements."""

    name: AppName
    image: str | None = None
    command: Annotated[Command, Field(validate_default=True)] = ()
    """Words; unless given, the image's own program runs."""
    replicas: Annotated[int, Field(ge=0)] = 1
    port: Port = 8080
    node_port: Annotated[int | None, Field(ge=30000, le=32767)] = None
    """A Deployment's port on every node."""
    load_balancer: bool = False
    """Whether a Deployment's Service gets an address of its own."""
    environment: Environment = Field(default_factory=dict)
    secret_environment: Environment = Field(default_factory=dict)
    """Like `environment`, but secret. All of `environment` moves here where any of `apps` was set with `--secret`."""
    volume: VolumeSpec | None = None
    health_check: HealthCheckSpec | None = None
    """Unless given, an app is well when its port takes connections."""
    limits: LimitsSpec = LimitsSpec()
    placement: Annotated[Placement | None, Field(validate_default=True)] = None
    """Unless given, the model's: `process` in the traditional one, `container` in containerization."""
    servers: tuple[NodeName, ...] = ()
    """Where processes and containers may run; unless given, on any that can run them."""

    @field_validator("name")
    @classmethod
    def is_no_other_objects(cls, value: str) -> str:
        if value == "kubernetes":
            raise ValueError("is the name of the API's own Service; take another")
        return value

    @field_validator("command")
    @classmethod
    def or_image_is_given(cls, value: tuple[str, ...], others: ValidationInfo) -> tuple[str, ...]:
        if not value and others.data.get("image", "") is None:
            raise ValueError("is missing, as image is; say what runs with one of them, or with both")
        return value

    @field_validator("image")
    @classmethod
    def is_a_reference(cls, value: str | None) -> str | None:
        if value is not None and (not value or value.startswith("-") or any(one.isspace() for one in value)):
            raise ValueError("is no image's name; write it like registry.example/app:1")
        return value

    @field_validator("secret_environment")
    @classmethod
    def is_apart_from_environment(cls, value: dict[str, str], others: ValidationInfo) -> dict[str, str]:
        twice = sorted(value.keys() & others.data.get("environment", {}).keys())
        if twice:
            raise ValueError(f"{', '.join(twice)} stands in environment too; take it out of one of them")
        return value

    @field_validator("placement")
    @classmethod
    def has_what_it_runs(cls, value: Placement | None, others: ValidationInfo) -> Placement | None:
        if value in NEED_IMAGES and others.data.get("image", "") is None:
            raise ValueError("runs an image, and none is given; add image, or take placement: process")
        return value

    @field_validator("servers")
    @classmethod
    def differ(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return refuse_repeated(value)

    def seats(self, able: Iterable[str]) -> tuple[str, ...]:
        """The servers that run it, one replica each. `able`: those that could, where it names none.

        Fewer than `replicas` where there are not enough. Which of them it is hangs on the names alone: another app
        moves none, a further replica leaves those before it in place, and a server that comes takes over its share of
        the apps that name no servers, which is why an app with a volume has to.
        """
        ranked: Sequence[str] = self.servers or sorted(able, key=lambda one: (rank(self.name, one), one))
        return tuple(ranked[: self.replicas])


def able(
    placement: Placement, workers: Sequence[str], control_planes: Sequence[str], hosts: Sequence[str]
) -> Sequence[str]:
    """Servers that may run an app which names none: container hosts for containers, and else the workers."""
    return (hosts if placement == "container" else ()) or workers or control_planes


def rank(app: str, server: str) -> int:
    return zlib.crc32(f"{app}/{server}".encode())


def sealed(app: AppConfig) -> AppConfig:
    """The app with its whole environment secret.

    Pulumi tells of `apps` as a whole that something in it was set with `--secret`, and not what.
    """
    secret = {**app.environment, **app.secret_environment}
    return app.model_copy(update={"environment": {}, "secret_environment": secret})
