"""The typed resource classes, one for each kind of the provider."""

from bareplane.resources.base import Place
from bareplane.resources.cluster import (
    ClusterBootstrap,
    EtcdQuorum,
    Manifest,
    NodeMembership,
)
from bareplane.resources.identity import ClientCertificate, ClusterIdentity, EncryptionKeyRing, StackIdentity
from bareplane.resources.machine import (
    Binaries,
    ContainerRuntime,
    DockerEngine,
    HostSettings,
    Images,
    Machine,
    VolumeDirectory,
)
from bareplane.resources.node import (
    ControlPlane,
    ControlPlaneKubelet,
    ControlPlaneNode,
    EtcdMember,
    KubeProxy,
    Pki,
    PodNetwork,
    ServingApprover,
    WorkerNode,
)

__all__ = [
    "Binaries",
    "ClientCertificate",
    "ClusterBootstrap",
    "ClusterIdentity",
    "ContainerRuntime",
    "ControlPlane",
    "ControlPlaneKubelet",
    "ControlPlaneNode",
    "DockerEngine",
    "EncryptionKeyRing",
    "EtcdMember",
    "EtcdQuorum",
    "HostSettings",
    "Images",
    "KubeProxy",
    "Machine",
    "Manifest",
    "NodeMembership",
    "Pki",
    "Place",
    "PodNetwork",
    "ServingApprover",
    "StackIdentity",
    "VolumeDirectory",
    "WorkerNode",
]
