"""Every kind the provider knows, by its Pulumi type token."""

from bareplane_provider.kinds.binaries import Binaries
from bareplane_provider.kinds.cluster_bootstrap import ClusterBootstrap
from bareplane_provider.kinds.container_runtime import ContainerRuntime
from bareplane_provider.kinds.control_plane import ControlPlane
from bareplane_provider.kinds.control_plane_kubelet import ControlPlaneKubelet
from bareplane_provider.kinds.control_plane_node import ControlPlaneNode
from bareplane_provider.kinds.docker_engine import DockerEngine
from bareplane_provider.kinds.etcd_member import EtcdMember
from bareplane_provider.kinds.etcd_quorum import EtcdQuorum
from bareplane_provider.kinds.host_settings import HostSettings
from bareplane_provider.kinds.identities import ClientCertificate, ClusterIdentity, EncryptionKeyRing, StackIdentity
from bareplane_provider.kinds.images import Images
from bareplane_provider.kinds.kube_proxy import KubeProxy
from bareplane_provider.kinds.machine import Machine
from bareplane_provider.kinds.manifest import Manifest
from bareplane_provider.kinds.node_membership import NodeMembership
from bareplane_provider.kinds.pki import Pki
from bareplane_provider.kinds.pod_network import PodNetwork
from bareplane_provider.kinds.serving_approver import ServingApprover
from bareplane_provider.kinds.volume_directory import VolumeDirectory
from bareplane_provider.kinds.worker_node import WorkerNode
from bareplane_provider.plugin.kind import Kind

ALL: tuple[Kind, ...] = (
    Binaries(),
    ClientCertificate(),
    ClusterBootstrap(),
    ClusterIdentity(),
    ContainerRuntime(),
    ControlPlane(),
    ControlPlaneKubelet(),
    ControlPlaneNode(),
    DockerEngine(),
    EncryptionKeyRing(),
    EtcdMember(),
    EtcdQuorum(),
    HostSettings(),
    Images(),
    KubeProxy(),
    Machine(),
    Manifest(),
    NodeMembership(),
    Pki(),
    PodNetwork(),
    ServingApprover(),
    StackIdentity(),
    VolumeDirectory(),
    WorkerNode(),
)
KINDS: dict[str, Kind] = {kind.token: kind for kind in ALL}
