"""What each resource kind takes, as pulumi-free models shared by the program and the provider.

A spec's field names are snake_case in Python and camelCase on the wire, as Pulumi users expect.
"""

from bareplane.specs.base import MachineSpec
from bareplane.specs.cluster import (
    ApiSpec,
    ClusterBootstrapSpec,
    ControlPlaneKubeletSpec,
    ControlPlaneNodeSpec,
    ControlPlaneSpec,
    EtcdMemberSpec,
    EtcdQuorumSpec,
    KubeProxySpec,
    ManifestSpec,
    NodeMembershipSpec,
    PkiSpec,
    PodNetworkSpec,
    ServingApproverSpec,
    WorkerNodeSpec,
)
from bareplane.specs.connection import Connection
from bareplane.specs.identity import (
    ClientCertificateSpec,
    ClusterIdentitySpec,
    EncryptionKeyRingSpec,
    StackIdentitySpec,
)
from bareplane.specs.machine import (
    BinariesSpec,
    ContainerRuntimeSpec,
    DockerEngineSpec,
    HostSettingsSpec,
    ImagesSpec,
    MachineKindSpec,
    VolumeDirectorySpec,
)
from bareplane.specs.settings import ClusterSettings, Engine, Form
from bareplane.specs.wire import Spec

__all__ = [
    "ApiSpec",
    "BinariesSpec",
    "ClientCertificateSpec",
    "ClusterBootstrapSpec",
    "ClusterIdentitySpec",
    "ClusterSettings",
    "Connection",
    "ContainerRuntimeSpec",
    "ControlPlaneKubeletSpec",
    "ControlPlaneNodeSpec",
    "ControlPlaneSpec",
    "DockerEngineSpec",
    "EncryptionKeyRingSpec",
    "Engine",
    "EtcdMemberSpec",
    "EtcdQuorumSpec",
    "Form",
    "HostSettingsSpec",
    "ImagesSpec",
    "KubeProxySpec",
    "MachineKindSpec",
    "MachineSpec",
    "ManifestSpec",
    "NodeMembershipSpec",
    "PkiSpec",
    "PodNetworkSpec",
    "ServingApproverSpec",
    "Spec",
    "StackIdentitySpec",
    "VolumeDirectorySpec",
    "WorkerNodeSpec",
]
