"""`Server`: a machine made ready to become a node."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import pulumi

from bareplane.resources import (
    Binaries,
    ContainerRuntime,
    DockerEngine,
    HostSettings,
    Images,
    Machine,
    Place,
    VolumeDirectory,
)
from bareplane.specs import Connection, Engine, Form
from bareplane.specs.ports import API_PORT, CONTROL_PLANE_PORTS, NODE_PORTS

NODE_BINARIES = (
    "kubeadm",
    "kubelet",
    "kube-proxy",
    "containerd",
    "containerd-shim-runc-v2",
    "ctr",
    "runc",
    "bridge",
    "host-local",
    "loopback",
    "portmap",
)
CONTAINERD_BINARIES = ("containerd", "containerd-shim-runc-v2", "ctr")
CRIO_BINARIES = ("crio", "conmon", "pinns")
CONTROL_PLANE_BINARIES = ("kubectl", "etcdctl")
COMPONENTS = ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "etcd")
"""What a control plane consists of: programs in one form, images of the same names in the other."""
NODE_MEMORY_MIB = 700
CONTROL_PLANE_MEMORY_MIB = 1600
CONTROL_PLANE_CPUS = 2
"""kubeadm's own minima on a control plane: two CPUs, 1700 MB; one sold as 2 GB shows a little less than 2048 MiB."""


@dataclass(frozen=True)
class ServerArgs:
    """What a server is for: how it is reached, and what its cluster needs of it."""

    connection: Connection
    owner: pulumi.Input[str]
    kubernetes_version: str
    endpoint: str
    endpoint_addresses: tuple[str, ...]
    api_port: int = API_PORT
    control_plane: Form | None = None
    """How its control plane runs, where it has one."""
    engine: Engine = "containerd"
    images: tuple[str, ...] = ()
    image_source: Literal["auto", "preload", "pull"] = "auto"
    volumes: str | None = None
    """The directory for its volumes, where it has any."""


class Server(pulumi.ComponentResource):
    """A machine under our care with its settings, programs, container runtime and images."""

    def __init__(self, name: str, args: ServerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("bareplane:components:Server", name, {}, opts)
        self.name = args.connection.name
        self.engine: Engine = args.engine
        self.connection = args.connection
        self.address = args.connection.address
        self.place = Place(args.connection, args.owner)

        def after(*needed: pulumi.Resource) -> pulumi.ResourceOptions:
            return pulumi.ResourceOptions(parent=self, depends_on=list(needed))

        programs = (*NODE_BINARIES, *(CONTROL_PLANE_BINARIES if args.control_plane else ()))
        if args.engine == "cri-o":
            programs = (*(one for one in programs if one not in CONTAINERD_BINARIES), *CRIO_BINARIES)
        images = args.images
        if args.control_plane == "processes":
            programs = (*programs, *COMPONENTS)
        elif args.control_plane == "static-pods":
            images = (*images, *COMPONENTS)
        memory = CONTROL_PLANE_MEMORY_MIB if args.control_plane else NODE_MEMORY_MIB
        ports = (*NODE_PORTS, *((args.api_port, *CONTROL_PLANE_PORTS) if args.control_plane else ()))
        self.machine = Machine(
            f"{name}-machine",
            self.place,
            minimum_memory_mib=memory,
            minimum_cpus=CONTROL_PLANE_CPUS if args.control_plane else 1,
            ports=ports,
            opts=after(),
        )
        self.settings = HostSettings(
            f"{name}-settings",
            self.place,
            endpoint=args.endpoint,
            endpoint_addresses=args.endpoint_addresses,
            opts=after(self.machine),
        )
        self.binaries = Binaries(
            f"{name}-binaries",
            self.place,
            kubernetes_version=args.kubernetes_version,
            names=programs,
            opts=after(self.settings),
        )
        self.volumes: Sequence[pulumi.Resource] = ()
        if args.volumes is not None:
            self.volumes = [
                VolumeDirectory(f"{name}-volumes", self.place, path=args.volumes, opts=after(self.settings))
            ]
        self.runtime = ContainerRuntime(
            f"{name}-runtime",
            self.place,
            engine="cri-o" if args.engine == "cri-o" else "containerd",
            # The directory goes after the last container that writes to it.
            opts=after(self.binaries, *self.volumes),
        )
        self.docker = (
            DockerEngine(f"{name}-docker", self.place, kubernetes=True, opts=after(self.runtime))
            if args.engine == "docker"
            else None
        )
        # CRI-O's release has nothing that puts an image into its store: such a node pulls them.
        self.images = (
            Images(
                f"{name}-images",
                self.place,
                names=images,
                source=args.image_source,
                engine="docker" if self.docker else "containerd",
                opts=after(self.docker or self.runtime),
            )
            if args.engine != "cri-o"
            else None
        )
        self.register_outputs({"address": self.address})

    @property
    def prepared(self) -> Sequence[pulumi.Resource]:
        """What a node on this server depends on."""
        return [one for one in (self.runtime, self.docker, self.images) if one is not None]
