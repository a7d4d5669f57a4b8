"""The keys of a stack's configuration."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from bareplane.specs import Connection
from bareplane.specs.wire import DnsName, NodeName, Spec, Version


class NetworkConfig(Spec):
    """Pod and service networks."""

    pod_subnet: str = "10.244.0.0/16"
    service_subnet: str = "10.96.0.0/12"
    dns_domain: DnsName = "cluster.local"
    node_mask: Annotated[int, Field(ge=9, le=30)] = 24
    plugin: Literal["routes", "manifests"] = "routes"
    """`routes`: our own, for nodes on one L2 network. `manifests`: the files below bring another (Calico, flannel)."""
    manifests: tuple[str, ...] = ()

    @field_validator("pod_subnet", "service_subnet")
    @classmethod
    def is_a_network(cls, value: str) -> str:
        return str(IPv4Network(value))

    @model_validator(mode="after")
    def fits(self) -> NetworkConfig:
        pods, services = IPv4Network(self.pod_subnet), IPv4Network(self.service_subnet)
        if pods.overlaps(services):
            raise ValueError(f"podSubnet {pods} and serviceSubnet {services} overlap; choose two that do not")
        if self.node_mask <= pods.prefixlen:
            raise ValueError(f"nodeMask {self.node_mask} leaves no node a share of podSubnet {pods}; take a larger one")
        if (self.plugin == "manifests") != bool(self.manifests):
            raise ValueError("plugin: manifests and manifests: [<file>…] go together")
        return self


class ControlPlaneConfig(Spec):
    """Which servers run the control plane, and how."""

    nodes: Annotated[tuple[NodeName, ...], Field(min_length=1)]
    form: Literal["processes"] = "processes"
    schedulable: bool = False
    """Whether ordinary pods may run there too."""


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

    @model_validator(mode="after")
    def nodes_make_sense(self) -> ClusterConfig:
        members = self.control_plane.nodes
        twice = sorted({one for one in (*members, *self.workers) if (*members, *self.workers).count(one) > 1})
        if twice:
            raise ValueError(f"{', '.join(twice)} stands in controlPlane.nodes and workers more than once")
        if len(members) % 2 == 0:
            raise ValueError(
                f"controlPlane.nodes has {len(members)} members; etcd gains nothing from an even number: take 1, 3 or 5"
            )
        return self


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
    def servers_are_told_apart(self) -> StackConfig:
        problems: list[str] = []
        problems += [
            f"the name {one!r} is given to more than one server" for one in repeated(s.name for s in self.servers)
        ]
        where = [f"{one.address}:{one.port}" for one in self.servers]
        problems += [f"the address {one} is given to more than one server" for one in repeated(where)]
        known = {one.name for one in self.servers}
        for key, names in (("controlPlane.nodes", self.cluster.control_plane.nodes), ("workers", self.cluster.workers)):
            problems += [
                f"cluster.{key}: there is no server {name!r}; there are {', '.join(sorted(known)) or 'none'}"
                for name in names
                if name not in known
            ]
        problems += [f"the name {one!r} is given to more than one app" for one in repeated(a.name for a in self.apps)]
        problems += self.address_problems()
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def address_problems(self) -> list[str]:
        """Nodes need IPv4 addresses of their own, outside the cluster's networks."""
        nodes = {*self.cluster.control_plane.nodes, *self.cluster.workers}
        network = self.cluster.network
        problems: list[str] = []
        for server in self.servers:
            if server.name not in nodes:
                continue
            try:
                address = IPv4Address(server.address)
            except ValueError:
                problems.append(f"servers.{server.name}.address: {server.address!r}: a node needs an IPv4 address")
                continue
            problems += [
                f"servers.{server.name}.address: {address} lies in cluster.network.{key} {subnet}; take another subnet"
                for key, subnet in (("podSubnet", network.pod_subnet), ("serviceSubnet", network.service_subnet))
                if address in IPv4Network(subnet)
            ]
        return problems


def repeated(values: Any) -> list[str]:
    seen = list(values)
    return sorted({one for one in seen if seen.count(one) > 1})
