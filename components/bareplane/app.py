"""`App`: a workload declared once, and placed as processes, as containers, or as a Deployment of the cluster."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi

from bareplane.apps.container import container_app
from bareplane.apps.deployment import deployed_app
from bareplane.apps.docker import docker_app
from bareplane.apps.host import Host
from bareplane.apps.part import AppPart
from bareplane.apps.process import process_app
from bareplane.cluster import Cluster
from bareplane.config import AppConfig, ConfigError
from bareplane.config.app import able


@dataclass(frozen=True)
class AppArgs:
    """The app, the cluster that runs it or whose servers do, and hosts that are none of the cluster's."""

    config: AppConfig
    cluster: Cluster
    hosts: Mapping[str, Host] = field(default_factory=dict[str, Host])


class App(pulumi.ComponentResource):
    """An app; one that names no placement is a Deployment. Output `report`: how it is, wherever it runs."""

    def __init__(self, name: str, args: AppArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("bareplane:components:App", name, {}, opts)
        config = args.config
        placement = config.placement or "deployment"
        self.parts: Sequence[AppPart]
        if placement == "deployment":
            self.parts = [deployed_app(self, config, args.cluster)]
        elif placement == "process":
            self.parts = process_app(self, config, seats(args))
        else:
            hosts = seats(args)
            self.parts = [
                *docker_app(self, config, [one for one in hosts if one.engine == "docker"]),
                *container_app(self, config, [one for one in hosts if one.engine != "docker"]),
            ]
        self.report: dict[str, Any] = {
            "placement": placement,
            "state": pulumi.Output.all(*(one.state for one in self.parts)).apply(state),
            "addresses": pulumi.Output.all(*(one.addresses for one in self.parts)).apply(joined),
            # It may hold what the app was given as a secret.
            "log": pulumi.Output.secret(pulumi.Output.all(*(one.log for one in self.parts)).apply(joined)),
        }
        self.register_outputs({"name": config.name, "report": self.report})


def seats(args: AppArgs) -> list[Host]:
    """Where the app's replicas run. Raises ConfigError for servers that are not there, or too few."""
    app, cluster = args.config, args.cluster
    hosts: dict[str, Host] = {**cluster.servers, **args.hosts}
    candidates = able(app.placement or "process", cluster.workers, list(cluster.servers), list(args.hosts))
    problems = [f"app {app.name} names {one!r}, which is no server here" for one in app.servers if one not in hosts]
    chosen = app.seats(candidates)
    if len(chosen) < app.replicas:
        problems.append(f"app {app.name} has {app.replicas} replicas for {len(chosen)} servers; each needs its own")
    if problems:
        raise ConfigError(problems)
    return [hosts[one] for one in chosen]


def state(parts: Sequence[str]) -> str:
    """Of all replicas together; of one that is none, its own words."""
    well = sum(one == "running" for one in parts)
    if well == len(parts):
        return "running"
    return parts[0] if len(parts) == 1 else f"{well} of {len(parts)} running"


def joined(parts: Sequence[Sequence[str] | None]) -> list[str]:
    return [one for part in parts for one in part or ()]
