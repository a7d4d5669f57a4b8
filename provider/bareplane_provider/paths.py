"""Where things stand on a machine. kubeadm's and Kubernetes' own places are kept; ours begin with bareplane."""

PREFIX = "/opt/bareplane"
BIN = f"{PREFIX}/bin"
CNI_BIN = f"{PREFIX}/cni"
LIB = f"{PREFIX}/lib"
STATE = "/var/lib/bareplane"

KUBERNETES = "/etc/kubernetes"
PKI = f"{KUBERNETES}/pki"
MANIFESTS = f"{KUBERNETES}/manifests"
ADMIN_CONF = f"{KUBERNETES}/admin.conf"
KUBELET_CONF = f"{KUBERNETES}/kubelet.conf"
OURS = f"{KUBERNETES}/bareplane"
KUBEADM_CONF = f"{OURS}/kubeadm.yaml"
PATCHES = f"{OURS}/patches"
DISCOVERY_CONF = f"{OURS}/discovery.conf"
ENCRYPTION_CONFIG = f"{OURS}/encryption.yaml"
AUDIT_POLICY = f"{OURS}/audit-policy.yaml"
AUDIT_LOGS = "/var/log/kubernetes"
AUDIT_LOG = f"{AUDIT_LOGS}/audit.log"

CONTAINERD_CONF = "/etc/containerd/config.toml"
CONTAINERD_SOCKET = "/run/containerd/containerd.sock"
CRI_DOCKERD_SOCKET = "/run/cri-dockerd.sock"
CRIO_SOCKET = "/run/crio/crio.sock"
CRI_SOCKETS = {
    "containerd": f"unix://{CONTAINERD_SOCKET}",
    "docker": f"unix://{CRI_DOCKERD_SOCKET}",
    "cri-o": f"unix://{CRIO_SOCKET}",
}
"""Where a kubelet finds its node's runtime, by engine."""
DOCKER_CONF = "/etc/docker/daemon.json"
DOCKER_SOCKET = "/run/docker.sock"
DOCKER_DATA = "/var/lib/docker"
CNI_CONF_DIR = "/etc/cni/net.d"
UNITS = "/etc/systemd/system"
SEARCH_PATH = f"{BIN}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def program(name: str) -> str:
    """Path of an installed program of the catalog."""
    return f"{BIN}/{name}"


def unit_file(name: str) -> str:
    """Path of a systemd unit of ours, e.g. `etcd.service`."""
    return f"{UNITS}/{name}"


KUBECTL = (program("kubectl"), "--kubeconfig", ADMIN_CONF, "--cache-dir", "/dev/null")
"""kubectl as the cluster's admin, on a control plane; without a cache, which would stay in the user's home."""
