"""The keys of a stack's configuration."""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator

from bareplane.config.addons import LoadBalancerConfig, StorageConfig
from bareplane.config.app import PLACEMENTS, AppConfig, sealed
from bareplane.config.host import HostConfig
from bareplane.config.repeated import refuse_repeated
from bareplane.specs import Connection, Engine, Form
from bareplane.specs.ports import API_PORT
from bareplane.specs.wire import DnsName, Network, NodeName, Spec, Version

LARGEST_SERVICE_MASK, SMALLEST_SERVICE_MASK = 12, 28
"""kubeadm 1.36 takes at most 20 bits, and at least ten addresses."""
SHARE_BITS = 16
"""The controller manager keeps the shares in a bitmap; kubeadm 1.36 refuses more."""


class NetworkConfig(Spec):
    """Pod and service networks."""

    pod_subnet: Network = "10.244.0.0/16"
    service_subnet: Annotated[Network, Field(validate_default=True)] = "10.96.0.0/12"
    dns_domain: DnsName = "cluster.local"
    node_mask: Annotated[int, Field(ge=9, le=30, validate_default=True)] = 24
    plugin: Literal["routes", "manifests"] = "routes"
    """`routes`: our own, for nodes on one L2 network. `manifests`: the files below bring another (Calico, flannel)."""
    manifests: Annotated[tuple[str, ...], Field(validate_default=True)] = ()

    @field_validator("pod_subnet", "service_subnet")
    @classmethod
    def is_for_private_use(cls, value: str) -> str:
        network = IPv4Network(value)
        if (
            network.is_loopback
            or network.is_multicast
            or network.is_link_local
            or network.network_address.packed[0] == 0
        ):
            raise ValueError("is set aside for other uses; take a private network, like 10.244.0.0/16")
        return value

    @field_validator("service_subnet")
    @classmethod
    def has_a_size_kubernetes_takes(cls, value: str) -> str:
        if not LARGEST_SERVICE_MASK <= IPv4Network(value).prefixlen <= SMALLEST_SERVICE_MASK:
            raise ValueError(f"must be between /{LARGEST_SERVICE_MASK} and /{SMALLEST_SERVICE_MASK}, like 10.96.0.0/12")
        return value

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
        if pods is not None and value - IPv4Network(pods).prefixlen > SHARE_BITS:
            raise ValueError(f"makes more than 2^{SHARE_BITS} shares of podSubnet {pods}; take a smaller number")
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
    form: Form | None = None
    """Unless said, the model's: `processes` in the traditional one, `static-pods` in the others."""
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
    port: Annotated[int, Field(ge=1, le=65535)] = API_PORT
    runtime: Engine = "containerd"
    runtimes: dict[NodeName, Engine] = Field(default_factory=dict)
    """Nodes whose runtime is another one."""
    control_plane: ControlPlaneConfig
    workers: tuple[NodeName, ...] = ()
    network: NetworkConfig = NetworkConfig()
    images: ImagesConfig = ImagesConfig()
    encryption_keys: Annotated[tuple[NodeName, ...], Field(min_length=1)] = ("key-1",)
    metrics: bool = False
    """Whether metrics-server runs in the cluster (`kubectl top`)."""
    load_balancer: LoadBalancerConfig | None = None
    """Addresses for Services of type LoadBalancer; without it they get none."""
    storage: StorageConfig | None = None
    """Volumes for claims; without it they stay pending."""
    drain_seconds: Annotated[int, Field(ge=1)] = 120

    def engine(self, node: str) -> Engine:
        """The node's runtime."""
        return self.runtimes.get(node, self.runtime)

    @field_validator("workers", "encryption_keys")
    @classmethod
    def differ(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return refuse_repeated(value)


class StackConfig(Spec):
    """All of it. Servers come from an inventory file or stand here."""

    model: Literal["traditional", "containerization"]
    inventory: str | None = None
    """Path of a YAML file with `servers:`, relative to the project."""
    servers: tuple[Connection, ...] = ()
    cluster: ClusterConfig
    hosts: tuple[HostConfig, ...] = ()
    """Servers that run containers for apps; nodes of the cluster may be among them."""
    apps: tuple[AppConfig, ...] = ()

    @property
    def form(self) -> Form:
        """How control planes run."""
        return self.cluster.control_plane.form or ("processes" if self.model == "traditional" else "static-pods")

    def settled(self, *, secret_apps: bool) -> StackConfig:
        """The same with what `model` decides for apps, and, with `secret_apps`, their environments secret."""
        apps = (sealed(one) if secret_apps else one for one in self.apps)
        placed = (one.model_copy(update={"placement": one.placement or PLACEMENTS[self.model]}) for one in apps)
        return self.model_copy(update={"apps": tuple(placed)})
