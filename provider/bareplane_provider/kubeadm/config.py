"""kubeadm's configuration files for one machine of one cluster."""

from __future__ import annotations

from collections.abc import Mapping

from bareplane.specs import ClusterSettings, Engine
from bareplane_provider.kubeadm.kubelet import cluster_wide
from bareplane_provider.kubeadm.objects import (
    ApiServer,
    Argument,
    ClusterConfiguration,
    Component,
    Discovery,
    Etcd,
    FileDiscovery,
    HostPathMount,
    InitConfiguration,
    JoinConfiguration,
    LocalApiEndpoint,
    LocalEtcd,
    Networking,
    NodeRegistration,
    Patches,
    Taint,
    documents,
)
from bareplane_provider.paths import (
    AUDIT_LOG,
    AUDIT_LOGS,
    AUDIT_POLICY,
    CRI_SOCKETS,
    DISCOVERY_CONF,
    ENCRYPTION_CONFIG,
    OURS,
    PATCHES,
    PKI,
)

NO_PKI = f"{OURS}/no-pki"
CONTROL_PLANE_TAINT = Taint(key="node-role.kubernetes.io/control-plane", effect="NoSchedule")


def cluster_configuration(cluster: ClusterSettings, certificates: str = PKI) -> ClusterConfiguration:
    """kubeadm's ClusterConfiguration: the same on every control plane, and in the config map `kubeadm-config`."""
    return ClusterConfiguration(
        cluster_name=cluster.name,
        certificates_dir=certificates,
        kubernetes_version=f"v{cluster.version}",
        control_plane_endpoint=f"{cluster.endpoint}:{cluster.port}",
        networking=Networking(
            pod_subnet=cluster.pod_subnet, service_subnet=cluster.service_subnet, dns_domain=cluster.dns_domain
        ),
        api_server=ApiServer(
            cert_sans=[cluster.endpoint, *cluster.endpoint_addresses],
            extra_args=arguments(
                {
                    "encryption-provider-config": ENCRYPTION_CONFIG,
                    "audit-policy-file": AUDIT_POLICY,
                    "audit-log-path": AUDIT_LOG,
                    "audit-log-maxage": "30",
                    "audit-log-maxbackup": "5",
                    "audit-log-maxsize": "100",
                    "profiling": "false",
                }
            ),
            extra_volumes=[
                mount("encryption", ENCRYPTION_CONFIG, "File"),
                mount("audit-policy", AUDIT_POLICY, "File"),
                mount("audit-logs", AUDIT_LOGS, "DirectoryOrCreate"),
            ],
        ),
        controller_manager=Component(
            extra_args=arguments({"node-cidr-mask-size": str(cluster.node_mask), "profiling": "false"})
        ),
        scheduler=Component(extra_args=arguments({"profiling": "false"})),
    )


def init_configuration(
    cluster: ClusterSettings, node: str, address: str, *, schedulable: bool = False, engine: Engine = "containerd"
) -> InitConfiguration:
    """kubeadm's InitConfiguration of a control plane."""
    return InitConfiguration(
        node_registration=registration(node, address, () if schedulable else (CONTROL_PLANE_TAINT,), engine),
        local_api_endpoint=LocalApiEndpoint(advertise_address=address, bind_port=cluster.port),
        patches=Patches(directory=PATCHES),
    )


def init_file(
    cluster: ClusterSettings, node: str, address: str, *, schedulable: bool = False, engine: Engine = "containerd"
) -> str:
    """The file for `kubeadm init phase …` on one control plane (no secret in it)."""
    return documents(
        init_configuration(cluster, node, address, schedulable=schedulable, engine=engine),
        cluster_configuration(cluster),
        cluster_wide(cluster),
    )


def etcd_file(cluster: ClusterSettings, node: str, address: str, given: Mapping[str, str]) -> str:
    """The file for `kubeadm init phase etcd local` on one control plane: `given` are flags that kubeadm cannot know."""
    etcd = Etcd(local=LocalEtcd(extra_args=arguments(given)))
    return documents(
        init_configuration(cluster, node, address), cluster_configuration(cluster).model_copy(update={"etcd": etcd})
    )


def worker_file(cluster: ClusterSettings, node: str, address: str, engine: Engine) -> str:
    """The file for `kubeadm init phase kubelet-start` on a worker (no secret in it).

    Where it finds a CA without its key, kubeadm's init asks for all that the CA signs on a control plane: it is shown
    a directory that is not there. The kubelet is told of its real CA by the machine's patch.
    """
    return documents(
        init_configuration(cluster, node, address, schedulable=True, engine=engine),
        cluster_configuration(cluster, NO_PKI),
        cluster_wide(cluster),
    )


def token_file(cluster: ClusterSettings, node: str, address: str, token: str, lifetime: str) -> str:
    """The file for what makes a bootstrap token; it is a secret and never stays on disk. `lifetime` as Go has it."""
    given = {"token": token, "ttl": lifetime, "usages": ["signing", "authentication"], "description": f"for {node}"}
    return documents(
        init_configuration(cluster, node, address).model_copy(update={"bootstrap_tokens": [given]}),
        cluster_configuration(cluster),
        cluster_wide(cluster),
    )


def join_file(cluster: ClusterSettings, node: str, address: str, token: str, engine: Engine = "containerd") -> str:
    """The file for `kubeadm join` of a worker; it holds the join token and never stays on disk.

    The cluster is found by a file of ours, which comes over SSH: asked by token, kubeadm looks only every five seconds
    whether the controller manager has signed what it trusts, and a new token's signature is never there at first.
    """
    return documents(
        JoinConfiguration(
            node_registration=registration(node, address, (), engine),
            discovery=Discovery(file=FileDiscovery(kube_config_path=DISCOVERY_CONF), tls_bootstrap_token=token),
            patches=Patches(directory=PATCHES),
        )
    )


def registration(node: str, address: str, taints: tuple[Taint, ...], engine: Engine) -> NodeRegistration:
    return NodeRegistration(
        name=node,
        cri_socket=CRI_SOCKETS[engine],
        kubelet_extra_args=arguments({"node-ip": address}),
        taints=list(taints),
    )


def mount(name: str, path: str, kind: str) -> HostPathMount:
    """The machine's own `path`; of files, nothing is written there."""
    return HostPathMount(name=name, host_path=path, mount_path=path, read_only=kind == "File", path_type=kind)


def arguments(flags: Mapping[str, str]) -> list[Argument]:
    return [Argument(name=name, value=value) for name, value in flags.items()]
