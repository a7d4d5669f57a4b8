"""The objects that make a cluster of an API server: kubeadm's and ours, and how they look now."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from bareplane_provider.kinds.control_planes import kubectl
from bareplane_provider.kinds.manifest import fields, shown
from bareplane_provider.kinds.roles import RBAC, objects
from bareplane_provider.kubeadm.yaml_text import yaml_text
from bareplane_provider.transport.session import Session

Object = Mapping[str, Any]
API_VERSIONS = {
    "ConfigMap": "v1",
    "Service": "v1",
    "ServiceAccount": "v1",
    "Deployment": "apps/v1",
    **dict.fromkeys(("Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"), f"{RBAC}/v1"),
}
COREFILE = "ConfigMap kube-system/coredns"
COREDNS = "Deployment kube-system/coredns"
CLUSTER_INFO = "ConfigMap kube-public/cluster-info"
# What the phases `upload-config`, `bootstrap-token` and `addon/coredns` of kubeadm 1.36 make.
KUBEADMS = (
    "ConfigMap kube-system/kubeadm-config",
    "Role kube-system/kubeadm:nodes-kubeadm-config",
    "RoleBinding kube-system/kubeadm:nodes-kubeadm-config",
    "ConfigMap kube-system/kubelet-config",
    "Role kube-system/kubeadm:kubelet-config",
    "RoleBinding kube-system/kubeadm:kubelet-config",
    "ClusterRoleBinding kubeadm:cluster-admins",
    "ClusterRole kubeadm:get-nodes",
    "ClusterRoleBinding kubeadm:get-nodes",
    "ClusterRoleBinding kubeadm:kubelet-bootstrap",
    "ClusterRoleBinding kubeadm:node-autoapprove-bootstrap",
    "ClusterRoleBinding kubeadm:node-autoapprove-certificate-rotation",
    "ClusterRoleBinding kubeadm:apiserver-kubelet-client",
    CLUSTER_INFO,
    "Role kube-public/kubeadm:bootstrap-signer-clusterinfo",
    "RoleBinding kube-public/kubeadm:bootstrap-signer-clusterinfo",
    COREFILE,
    COREDNS,
    "Service kube-system/kube-dns",
    "ServiceAccount kube-system/coredns",
    "ClusterRole system:coredns",
    "ClusterRoleBinding system:coredns",
)
# kubeadm leaves these config maps as they are where they exist, and stumbles over a CoreDNS of an unknown version.
MADE_ANEW = (CLUSTER_INFO, COREFILE, COREDNS)
# Of cluster-info's data: signatures by the tokens of the moment.
SIGNATURE = "jws-kubeconfig-"


def named(one: Object) -> str:
    """`Deployment kube-system/coredns`, `ClusterRole system:coredns`."""
    metadata = one["metadata"]
    namespace = metadata.get("namespace")
    return f"{one['kind']} {f'{namespace}/' if namespace else ''}{metadata['name']}"


def stub(name: str) -> dict[str, Any]:
    """As much of an object as names it to kubectl."""
    kind = name.partition(" ")[0]
    namespace, separator, own = name.partition(" ")[2].partition("/")
    metadata = {"namespace": namespace, "name": own} if separator else {"name": namespace}
    return {"apiVersion": API_VERSIONS[kind], "kind": kind, "metadata": metadata}


def observed(session: Session) -> dict[str, dict[str, str]]:
    """Every field of every object, by name; what the cluster says of itself left out."""
    stubs = [*map(stub, KUBEADMS), *(stub(named(one)) for one in objects())]
    text = kubectl(session, "get", "-f", "-", "--ignore-not-found", "-o", "json", stdin=yaml_text(*stubs))
    found: list[Object] = json.loads(text)["items"] if text.strip() else []
    live = {named(one): one for one in found}
    return {named(one): facts_of(live.get(named(one))) for one in stubs}


def facts_of(live: Object | None) -> dict[str, str]:
    if live is None:
        return {"present": "no"}
    return {"present": "yes", **{path: shown(live, path) for path in sorted(own_fields(live))}}


def own_fields(live: Object) -> Iterator[str]:
    for name, value in live.items():
        if name == "metadata":
            yield from (path for path in fields(value, "/metadata") if path.startswith("/metadata/labels/"))
        elif name == "data":
            yield from (path for path in fields(value, "/data") if not path.startswith(f"/data/{SIGNATURE}"))
        elif name not in ("apiVersion", "kind", "status"):
            yield from fields(value, f"/{name}")
