"""Settings of a whole cluster that several phases need; immutable ones are marked in each kind."""

from ipaddress import IPv4Network
from typing import Annotated, Literal

from pydantic import Field, model_validator

from bareplane.specs.wire import Address, DnsName, Network, NodeName, Spec, Version

Form = Literal["processes", "static-pods"]
"""How a control plane runs: as systemd services, or as pods that its kubelet starts from files."""


Engine = Literal["containerd", "docker", "cri-o"]
"""What runs containers: a node's pods, or a container host's apps. `docker` runs on our containerd."""


class ClusterSettings(Spec):
    """The facts of the cluster that kubeadm writes into its ClusterConfiguration."""

    name: NodeName = "bareplane"
    version: Version
    endpoint: DnsName
    endpoint_addresses: tuple[Address, ...]
    """Addresses of the control planes; the endpoint's name stands for them."""
    port: Annotated[int, Field(ge=1, le=65535)] = 6443
    pod_subnet: Network = "10.244.0.0/16"
    service_subnet: Network = "10.96.0.0/12"
    dns_domain: DnsName = "cluster.local"
    node_mask: Annotated[int, Field(ge=9, le=30)] = 24

    @model_validator(mode="after")
    def subnets_are_apart(self) -> "ClusterSettings":
        pods, services = IPv4Network(self.pod_subnet), IPv4Network(self.service_subnet)
        if pods.overlaps(services):
            raise ValueError(f"podSubnet {pods} and serviceSubnet {services} overlap")
        if self.node_mask <= pods.prefixlen:
            raise ValueError(f"nodeMask {self.node_mask} must be longer than podSubnet's /{pods.prefixlen}")
        return self

    @property
    def dns_address(self) -> str:
        """Cluster DNS: the tenth address of the service subnet, as kubeadm has it."""
        return str(IPv4Network(self.service_subnet)[10])
