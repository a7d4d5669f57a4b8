"""Phases of a cluster's bootstrap."""

from typing import Annotated, Any

from pydantic import Field

from bareplane.specs.base import MachineSpec
from bareplane.specs.connection import Connection
from bareplane.specs.settings import ClusterSettings, Engine, Form
from bareplane.specs.wire import Address, NodeName, Spec, Token


class PkiSpec(MachineSpec):
    """The CAs on a control plane, and the leaf certificates and kubeconfigs that kubeadm signs with them there."""

    cluster: ClusterSettings
    node: NodeName
    address: Address
    ca: dict[str, str]
    etcd_ca: dict[str, str]
    front_proxy_ca: dict[str, str]
    service_account: dict[str, str]


class EtcdMemberSpec(MachineSpec):
    """An etcd member of the first hour."""

    cluster: ClusterSettings
    form: Form = "processes"
    node: NodeName
    address: Address
    genesis: dict[NodeName, Address]
    """Name and address of every first member. Immutable."""
    token: Token
    """Tells this etcd cluster from every other. Immutable."""


class ControlPlaneSpec(MachineSpec):
    """kube-apiserver, kube-controller-manager and kube-scheduler."""

    cluster: ClusterSettings
    form: Form = "processes"
    node: NodeName
    address: Address
    encryption_keys: tuple[dict[str, str], ...]


class ControlPlaneKubeletSpec(MachineSpec):
    """The kubelet of a control plane, which asks the API server on the same machine."""

    cluster: ClusterSettings
    node: NodeName
    address: Address
    schedulable: bool = False
    """Whether ordinary pods may run there (no control-plane taint)."""
    engine: Engine = "containerd"
    """What runs the node's pods."""


class ControlPlaneNodeSpec(ControlPlaneKubeletSpec):
    """A control plane's kubelet registered, and its node marked as a control plane's."""


class ApiSpec(Spec):
    """What acts on the cluster's API: through the first of these control planes that answers."""

    control_planes: Annotated[tuple[Connection, ...], Field(min_length=1)]


class EtcdQuorumSpec(ApiSpec):
    """Waits until the first members have a leader."""

    members: tuple[NodeName, ...]


class ClusterBootstrapSpec(ApiSpec):
    """What a cluster needs once: kubeadm's config maps, bootstrap RBAC, CoreDNS, and our own roles."""

    cluster: ClusterSettings
    node: NodeName
    """The control plane in whose name kubeadm's phases run."""
    address: Address
    dns_replicas: Annotated[int, Field(ge=1)] = 2


class WorkerNodeSpec(MachineSpec):
    """A worker's kubelet, joined with a token that lives for minutes."""

    cluster: ClusterSettings
    node: NodeName
    address: Address
    control_planes: Annotated[tuple[Connection, ...], Field(min_length=1)]
    ca_certificate: str
    engine: Engine = "containerd"
    """What runs the node's pods."""


class KubeProxySpec(MachineSpec):
    """kube-proxy as a systemd service, in nftables mode."""

    cluster: ClusterSettings
    node: NodeName
    ca_certificate: str
    certificate: str
    key: str


class PodNetworkSpec(MachineSpec):
    """The `routes` pod network: bridge CNI on the node's pod CIDR, and a daemon that keeps routes to other nodes."""

    cluster: ClusterSettings
    node: NodeName
    ca_certificate: str
    certificate: str
    key: str


class ServingApproverSpec(MachineSpec):
    """Approves kubelets' serving certificates after checking requester and SANs."""

    cluster: ClusterSettings
    ca_certificate: str
    certificate: str
    key: str


class NodeMembershipSpec(ApiSpec):
    """A node in the API: Ready when created, drained and removed when deleted."""

    node: NodeName
    drain_seconds: Annotated[int, Field(ge=1)] = 120
    ready_seconds: Annotated[int, Field(ge=1)] = 300
    labels: dict[str, str] = Field(default_factory=dict)
    taints: tuple[str, ...] = ()
    """Labels and taints (`key=value:effect`, `key:effect`) it has to have; others are not looked at."""
    connection: Connection | None = None
    """Where its kubelet runs, to have it register again a node that was deleted."""


class ManifestSpec(ApiSpec):
    """Kubernetes objects, applied on the server side and waited for."""

    objects: tuple[dict[str, Any], ...]
    wait_seconds: Annotated[int, Field(ge=0)] = 300
    """How long to wait for Deployments and DaemonSets to be rolled out; 0 waits for nothing."""
