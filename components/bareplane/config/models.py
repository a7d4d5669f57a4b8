"""The keys of a stack's configuration."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network
from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator

from bareplane.config.errors import LINES, did_you_mean
from bareplane.specs import Connection
from bareplane.specs.wire import DnsName, Network, NodeName, Spec, Version


class NetworkConfig(Spec):
    """Pod and service networks."""

    pod_subnet: Network = "10.244.0.0/16"
    service_subnet: Annotated[Network, Field(validate_default=True)] = "10.96.0.0/12"
    dns_domain: DnsName = "cluster.local"
    node_mask: Annotated[int, Field(ge=9, le=30, validate_default=True)] = 24
    plugin: Literal["routes", "manifests"] = "routes"
    """`routes`: our own, for nodes on one L2 network. `manifests`: the files below bring another (Calico, flannel)."""
    manifests: Annotated[tuple[str, ...], Field(validate_default=True)] = ()

    @field_validator("service_subnet")
    @classmethod
    def is_apart_from_pods(cls, value: str, others: ValidationInfo) -> str:
        pods = others.data.get("pod_subnet")
        if pods is not None and IPv4Network(value).overlaps(IPv4Network(pods)):
            raise ValueError(f"overlaps podSubnet {pods}; choose two that do not")
        return value

    @field_validator("node_mask")
    @classmethod
    def is_longer_than_the_subnets(cls, value: int, others: ValidationInfo) -> int:
        pods = others.data.get("pod_subnet")
        if pods is not None and value <= IPv4Network(pods).prefixlen:
            raise ValueError(f"leaves no node a share of podSubnet {pods}; take a larger number")
        return value

    @field_validator("manifests")
    @classmethod
    def belong_to_the_plugin(cls, value: tuple[str, ...], others: ValidationInfo) -> tuple[str, ...]:
        plugin = others.data.get("plugin")
        if plugin is not None and (plugin == "manifests") != bool(value):
            raise ValueError("plugin: manifests and manifests: [<file>…] go together; give both or neither")
        return value


class ControlPlaneConfig(Spec):
    """Which servers run the control plane, and how."""

    nodes: Annotated[tuple[NodeName, ...], Field(min_length=1)]
    form: Literal["processes"] = "processes"
    schedulable: bool = False
    """Whether ordinary pods may run there too."""

    @field_validator("nodes")
    @classmethod
    def are_odd_in_number(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if len(value) % 2 == 0:
            raise ValueError(f"{len(value)} members: etcd gains nothing from an even number; take 1, 3 or 5")
        return value

    @field_validator("nodes")
    @classmethod
    def differ(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return refuse_repeated(value)


class ImagesConfig(Spec):
    """Images that every node has before a pod asks for them."""

    preload: tuple[str, ...] = ("pause", "coredns")
    source: Literal["auto", "preload", "pull"] = "auto"
    """`auto`: a node pulls what it can reach the registry of, and is given the rest."""


class ClusterConfig(Spec):
    """One Kubernetes cluster."""

    name: NodeName = "bareplane"
    version: Version = "1.36.3"
    endpoint: DnsName
    port: Annotated[int, Field(ge=1, le=65535)] = 6443
    runtime: Literal["containerd"] = "containerd"
    control_plane: ControlPlaneConfig
    workers: tuple[NodeName, ...] = ()
    network: NetworkConfig = NetworkConfig()
    images: ImagesConfig = ImagesConfig()
    encryption_keys: Annotated[tuple[NodeName, ...], Field(min_length=1)] = ("key-1",)
    metrics: bool = False
    """Whether metrics-server runs in the cluster (`kubectl top`)."""
    drain_seconds: Annotated[int, Field(ge=1)] = 120

    @field_validator("workers", "encryption_keys")
    @classmethod
    def differ(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return refuse_repeated(value)

    @field_validator("workers")
    @classmethod
    def are_no_control_planes(cls, value: tuple[str, ...], others: ValidationInfo) -> tuple[str, ...]:
        control_plane: ControlPlaneConfig | None = others.data.get("control_plane")
        both = sorted(set(value) & set(control_plane.nodes if control_plane else ()))
        if both:
            raise ValueError(f"{', '.join(both)} stands in controlPlane.nodes too; take it out of one of them")
        return value


class AppConfig(Spec):
    """One app, run in the cluster as a Deployment and a Service."""

    name: NodeName
    image: str
    replicas: Annotated[int, Field(ge=0)] = 1
    port: Annotated[int, Field(ge=1, le=65535)] = 8080
    node_port: Annotated[int | None, Field(ge=30000, le=32767)] = None
    environment: dict[str, str] = Field(default_factory=dict)


class StackConfig(Spec):
    """All of it. Servers come from an inventory file or stand here."""

    model: Literal["traditional"]
    inventory: str | None = None
    """Path of a YAML file with `servers:`, relative to the project."""
    servers: tuple[Connection, ...] = ()
    cluster: ClusterConfig
    apps: tuple[AppConfig, ...] = ()

    @model_validator(mode="after")
    def parts_fit_together(self) -> StackConfig:
        problems = [*self.repetitions(), *self.unknown_servers(), *self.address_problems()]
        if problems:
            raise ValueError(LINES.join(problems))
        return self

    def repetitions(self) -> list[str]:
        """Names that stand for two things."""
        names = repeated(one.name for one in self.servers)
        apps = repeated(one.name for one in self.apps)
        return [
            *(f"servers: the name {one!r} is given to more than one server; rename all but one" for one in names),
            *(f"apps: the name {one!r} is given to more than one app; rename all but one" for one in apps),
        ]

    def unknown_servers(self) -> list[str]:
        known = [one.name for one in self.servers]
        wanted = {"controlPlane.nodes": self.cluster.control_plane.nodes, "workers": self.cluster.workers}
        return [
            f"cluster.{key}: there is no server {name!r}{did_you_mean(name, known)}"
            for key, names in wanted.items()
            for name in names
            if name not in known
        ]

    def address_problems(self) -> list[str]:
        """Nodes need IPv4 addresses of their own, outside the cluster's networks."""
        names = {*self.cluster.control_plane.nodes, *self.cluster.workers}
        nodes = [one for one in self.servers if one.name in names]
        shared = repeated(one.address for one in nodes)
        subnets = {"podSubnet": self.cluster.network.pod_subnet, "serviceSubnet": self.cluster.network.service_subnet}
        problems: list[str] = []
        for node in nodes:
            key = f"servers.{node.name}.address: {node.address!r}:"
            if node.address in shared:
                problems.append(f"{key} another node has it too; give each its own")
            try:
                address = IPv4Address(node.address)
            except ValueError:
                problems.append(f"{key} a node needs an IPv4 address; give that of its network card")
                continue
            problems += [
                f"{key} lies in cluster.network.{name} {subnet}; take another subnet"
                for name, subnet in subnets.items()
                if address in IPv4Network(subnet)
            ]
        return problems


def repeated(values: Iterable[str]) -> list[str]:
    seen = list(values)
    return sorted({one for one in seen if seen.count(one) > 1})


def refuse_repeated(values: tuple[str, ...]) -> tuple[str, ...]:
    """The values, unless one stands there twice."""
    twice = repeated(values)
    if twice:
        raise ValueError(f"{', '.join(twice)} stands there more than once; once is enough")
    return values
