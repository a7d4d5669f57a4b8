"""`ContainerHost`: a server that runs containers for apps, with the engine that the configuration names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi

from bareplane.resources import Binaries, ContainerRuntime, DockerEngine, HostSettings, Images, Machine, Place
from bareplane.server import CONTAINERD_BINARIES, CRIO_BINARIES, Server
from bareplane.specs import Connection, Engine

MEMORY_MIB = 256


@dataclass(frozen=True)
class ContainerHostArgs:
    """Which machine, whose it is, and what runs there."""

    connection: Connection
    owner: pulumi.Input[str]
    engine: Engine = "containerd"
    images: tuple[str, ...] = ()
    """Images of the catalog in Docker's store; with containerd each app brings its own, and a node has its own list."""
    node: Server | None = None
    """The server as a node of a cluster, where it is one: only what that lacks is added."""


class ContainerHost(pulumi.ComponentResource):
    """A server with a container engine. Apps depend on `prepared`."""

    def __init__(self, name: str, args: ContainerHostArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("bareplane:components:ContainerHost", name, {}, opts)
        self.name = args.connection.name
        self.connection = args.connection
        self.address = args.connection.address
        self.engine: Engine = args.engine
        self.place = args.node.place if args.node else Place(args.connection, args.owner)
        self.machine, runtime = (args.node.machine, args.node.runtime) if args.node else self._runtime()
        parts: list[pulumi.Resource] = [runtime]
        if args.engine == "docker":
            docker = (args.node and args.node.docker) or DockerEngine(
                f"{self.name}-docker", self.place, opts=self._after(runtime)
            )
            parts.append(docker)
            if args.images and not (args.node and args.node.docker):
                parts.append(
                    Images(
                        f"{self.name}-docker-images",
                        self.place,
                        names=args.images,
                        engine="docker",
                        opts=self._after(docker),
                    )
                )
        self.prepared: Sequence[pulumi.Resource] = tuple(parts)
        """What an app's container there depends on."""
        self.register_outputs({"address": self.address, "engine": self.engine})

    def _after(self, *needed: pulumi.Resource) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, depends_on=list(needed))

    def _runtime(self) -> tuple[Machine, ContainerRuntime]:
        """The machine and its containerd, where no cluster has made them."""
        name = self.name
        machine = Machine(
            f"{name}-machine",
            self.place,
            minimum_memory_mib=MEMORY_MIB,
            minimum_cpus=1,
            ports=(),
            opts=self._after(),
        )
        settings = HostSettings(f"{name}-settings", self.place, opts=self._after(machine))
        crio = self.engine == "cri-o"
        binaries = Binaries(
            f"{name}-binaries",
            self.place,
            names=("runc", *(CRIO_BINARIES if crio else CONTAINERD_BINARIES)),
            opts=self._after(settings),
        )
        runtime = ContainerRuntime(
            f"{name}-runtime", self.place, engine="cri-o" if crio else "containerd", opts=self._after(binaries)
        )
        return machine, runtime
