"""The kubelet's configuration: what holds for the whole cluster, and the patch that one machine's facts ask for."""

from __future__ import annotations

from pydantic import Field

from bareplane.specs import ClusterSettings
from bareplane_provider.facts import MachineFacts
from bareplane_provider.kubeadm.objects import KubeModel
from bareplane_provider.paths import PKI

KUBELET = "kubelet.config.k8s.io/v1beta1"


class KubeletConfiguration(KubeModel):
    """Cluster-wide settings, kept by kubeadm in the config map `kubelet-config`. Anonymous access and the read-only
    port are off and webhook authorization is on by kubeadm's own defaults."""

    api_version: str = KUBELET
    kind: str = "KubeletConfiguration"
    cluster_dns: list[str] = Field(serialization_alias="clusterDNS", alias_priority=2)
    cluster_domain: str
    server_tls_bootstrap: bool = Field(default=True, serialization_alias="serverTLSBootstrap", alias_priority=2)
    rotate_certificates: bool = True
    # kube-proxy writes nftables rules only; chains of the kubelet's own would be residue after it is gone.
    make_ip_tables_util_chains: bool = Field(
        default=False, serialization_alias="makeIPTablesUtilChains", alias_priority=2
    )
    volume_plugin_dir: str = "/var/lib/kubelet/volumeplugins"
    # A server's own swap stays as its owner has it; pods do not use it (memorySwap NoSwap is the default).
    fail_swap_on: bool = False
    node_status_update_frequency: str = "10s"
    protect_kernel_defaults: bool = False
    event_record_qps: int = Field(default=50, serialization_alias="eventRecordQPS", alias_priority=2)


class X509(KubeModel):
    client_ca_file: str = Field(default=f"{PKI}/ca.crt", serialization_alias="clientCAFile", alias_priority=2)


class Authentication(KubeModel):
    x509: X509 = X509()


class KubeletPatch(KubeModel):
    """One machine's own settings, given to kubeadm as a patch of target `kubeletconfiguration`."""

    api_version: str = KUBELET
    kind: str = "KubeletConfiguration"
    cgroup_driver: str
    fail_cgroup_v1: bool | None = Field(default=None, serialization_alias="failCgroupV1", alias_priority=2)
    feature_gates: dict[str, bool] | None = None
    authentication: Authentication = Authentication()
    address: str = "0.0.0.0"  # noqa: S104 metrics and logs are asked for from other nodes, with client certificates


def cluster_wide(cluster: ClusterSettings) -> KubeletConfiguration:
    """The kubelet settings that every node of the cluster shares."""
    return KubeletConfiguration(cluster_dns=[cluster.dns_address], cluster_domain=cluster.dns_domain)


def cgroup_driver(machine: MachineFacts) -> str:
    """`systemd` where cgroup v2 is unified, `cgroupfs` on v1: systemd 252 in a v1 container owns no controllers."""
    return "systemd" if machine.cgroup_version == 2 else "cgroupfs"


def machine_patch(machine: MachineFacts) -> KubeletPatch:
    """The settings that this machine's kernel and capabilities ask for."""
    confined = not machine.has_capability("cap_sys_resource")
    return KubeletPatch(
        cgroup_driver=cgroup_driver(machine),
        fail_cgroup_v1=False if machine.cgroup_version == 1 else None,
        feature_gates={"KubeletInUserNamespace": True} if confined or not machine.kernel_tunable else None,
    )
