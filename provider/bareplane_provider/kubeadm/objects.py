"""kubeadm's v1beta4 configuration, the fields we set (k8s.io/kubernetes cmd/kubeadm/app/apis/kubeadm/v1beta4)."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from bareplane_provider.kubeadm.yaml_text import yaml_text

KUBEADM = "kubeadm.k8s.io/v1beta4"


class KubeModel(BaseModel):
    """A piece of a Kubernetes-style object: camelCase, unset fields left out."""

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel, validate_by_name=True)

    def to_dict(self) -> dict[str, Any]:
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)


class Argument(KubeModel):
    name: str
    value: str


class LocalEtcd(KubeModel):
    data_dir: str = "/var/lib/etcd"
    extra_args: list[Argument] = []


class Etcd(KubeModel):
    local: LocalEtcd = LocalEtcd()


class Networking(KubeModel):
    pod_subnet: str
    service_subnet: str
    dns_domain: str


class HostPathMount(KubeModel):
    """What a static pod sees of its machine; processes see all of it."""

    name: str
    host_path: str
    mount_path: str
    read_only: bool
    path_type: str


class ApiServer(KubeModel):
    cert_sans: list[str] = Field(serialization_alias="certSANs", alias_priority=2)
    extra_args: list[Argument]
    extra_volumes: list[HostPathMount]


class Component(KubeModel):
    extra_args: list[Argument] = []


class ClusterConfiguration(KubeModel):
    api_version: str = KUBEADM
    kind: str = "ClusterConfiguration"
    cluster_name: str
    kubernetes_version: str
    control_plane_endpoint: str
    certificates_dir: str
    encryption_algorithm: str = "ECDSA-P256"
    etcd: Etcd = Etcd()
    networking: Networking
    api_server: ApiServer
    controller_manager: Component
    scheduler: Component = Component()


class Taint(KubeModel):
    key: str
    effect: str


class NodeRegistration(KubeModel):
    name: str
    cri_socket: str
    kubelet_extra_args: list[Argument]
    taints: list[Taint] = []
    ignore_preflight_errors: list[str] = ["all"]


class LocalApiEndpoint(KubeModel):
    advertise_address: str
    bind_port: int


class Patches(KubeModel):
    directory: str


class Timeouts(KubeModel):
    kubernetes_api_call: str = Field(default="5m0s", serialization_alias="kubernetesAPICall", alias_priority=2)
    kubelet_health_check: str = "8m0s"
    tls_bootstrap: str = "8m0s"


class InitConfiguration(KubeModel):
    api_version: str = KUBEADM
    kind: str = "InitConfiguration"
    bootstrap_tokens: list[dict[str, Any]] = []
    node_registration: NodeRegistration
    local_api_endpoint: LocalApiEndpoint = Field(serialization_alias="localAPIEndpoint", alias_priority=2)
    patches: Patches
    timeouts: Timeouts = Timeouts()


class FileDiscovery(KubeModel):
    kube_config_path: str


class Discovery(KubeModel):
    file: FileDiscovery
    tls_bootstrap_token: str


class JoinConfiguration(KubeModel):
    api_version: str = KUBEADM
    kind: str = "JoinConfiguration"
    node_registration: NodeRegistration
    discovery: Discovery
    ca_cert_path: str = "/etc/kubernetes/pki/ca.crt"
    patches: Patches
    timeouts: Timeouts = Timeouts()


def documents(*objects: KubeModel) -> str:
    """The objects as one YAML stream, keys in the models' order."""
    return yaml_text(*(one.to_dict() for one in objects))
