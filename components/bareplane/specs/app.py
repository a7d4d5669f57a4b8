"""One app on one machine, or in the cluster."""

from __future__ import annotations

from pydantic import Field, field_validator

from bareplane.specs.base import MachineSpec
from bareplane.specs.cluster import ManifestSpec
from bareplane.specs.workload import AppName, Command, Environment, HealthCheckSpec, LimitsSpec, Port, VolumeSpec


class AppInstanceSpec(MachineSpec):
    """A replica on a machine of its own."""

    app: AppName
    command: Command = ()
    """Unless given, the image's own program."""
    port: Port
    environment: Environment = Field(default_factory=dict)
    secret_environment: Environment = Field(default_factory=dict)
    volume: VolumeSpec | None = None
    health_check: HealthCheckSpec | None = None
    limits: LimitsSpec = LimitsSpec()


class AppProcessSpec(AppInstanceSpec):
    """As a systemd service."""

    image: str | None = None
    """One of the catalog, whose program is run; of any other the command says what runs."""


class AppContainerSpec(AppInstanceSpec):
    """As a container of the machine's containerd."""

    image: str

    @field_validator("environment", "secret_environment")
    @classmethod
    def are_single_lines(cls, value: dict[str, str]) -> dict[str, str]:
        broken = sorted(name for name, text in value.items() if "\n" in text)
        if broken:
            raise ValueError(f"{', '.join(broken)}: a container's environment takes no line breaks; use a file")
        return value


class AppDeploymentSpec(ManifestSpec):
    """As objects of the cluster, among them a Deployment and a Service of the app's name."""

    app: AppName
