"""TCP ports that components of Kubernetes listen at on a node."""

NODE_PORTS = (10248, 10249, 10250, 10256)
"""kubelet's health, kube-proxy's metrics, kubelet, kube-proxy's health."""
CONTROL_PLANE_PORTS = (2379, 2380, 2381, 10257, 10259)
"""etcd's clients, peers and metrics, controller manager, scheduler; the API server's is the cluster's choice."""
API_PORT = 6443
"""The API server's, where the cluster chooses none."""
