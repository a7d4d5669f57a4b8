"""metrics-server: what `kubectl top` and the horizontal pod autoscaler ask. Its kubelet certificates are verified."""

from __future__ import annotations

from typing import Any

NAME = "metrics-server"
NAMESPACE = "kube-system"
IMAGE = "registry.k8s.io/metrics-server/metrics-server:v0.9.0"
RBAC = "rbac.authorization.k8s.io"
PORT = 10250
# Pods find the cluster's CA here; it signed the kubelets' serving certificates too.
CLUSTER_CA = "/var/run/secrets/kubernetes.io/serviceaccount/ca.crt"


def metrics_server() -> list[dict[str, Any]]:
    """The objects of upstream's components.yaml, with verification of kubelets instead of none."""
    account = {"kind": "ServiceAccount", "name": NAME, "namespace": NAMESPACE}
    reading = [
        rule("", ["nodes/metrics"], ["get"]),
        rule("", ["pods", "nodes"], ["get", "list", "watch"]),
    ]
    aggregated = {f"{RBAC}/aggregate-to-{role}": "true" for role in ("admin", "edit", "view")}
    return [
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata()},
        {
            **role_object("ClusterRole", "system:aggregated-metrics-reader", labels=aggregated),
            "rules": [rule("metrics.k8s.io", ["pods", "nodes"], ["get", "list", "watch"])],
        },
        {**role_object("ClusterRole", f"system:{NAME}"), "rules": reading},
        binding("RoleBinding", f"{NAME}-auth-reader", "Role", "extension-apiserver-authentication-reader", account),
        binding("ClusterRoleBinding", f"{NAME}:system:auth-delegator", "ClusterRole", "system:auth-delegator", account),
        binding("ClusterRoleBinding", f"system:{NAME}", "ClusterRole", f"system:{NAME}", account),
        service(),
        deployment(),
        {
            "apiVersion": "apiregistration.k8s.io/v1",
            "kind": "APIService",
            "metadata": {"name": "v1beta1.metrics.k8s.io", "labels": {"k8s-app": NAME}},
            "spec": {
                "group": "metrics.k8s.io",
                "groupPriorityMinimum": 100,
                "insecureSkipTLSVerify": True,
                "service": {"name": NAME, "namespace": NAMESPACE},
                "version": "v1beta1",
                "versionPriority": 100,
            },
        },
    ]


def metadata() -> dict[str, Any]:
    return {"name": NAME, "namespace": NAMESPACE, "labels": {"k8s-app": NAME}}


def rule(group: str, resources: list[str], verbs: list[str]) -> dict[str, Any]:
    return {"apiGroups": [group], "resources": resources, "verbs": verbs}


def role_object(kind: str, name: str, labels: dict[str, str] | None = None) -> dict[str, Any]:
    return {
        "apiVersion": f"{RBAC}/v1",
        "kind": kind,
        "metadata": {"name": name, "labels": {"k8s-app": NAME, **(labels or {})}},
    }


def binding(kind: str, name: str, role_kind: str, role: str, subject: dict[str, str]) -> dict[str, Any]:
    made = role_object(kind, name)
    if kind == "RoleBinding":
        made["metadata"]["namespace"] = NAMESPACE
    return {**made, "roleRef": {"apiGroup": RBAC, "kind": role_kind, "name": role}, "subjects": [subject]}


def service() -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata(),
        "spec": {
            "selector": {"k8s-app": NAME},
            "ports": [{"name": "https", "port": 443, "protocol": "TCP", "targetPort": "https"}],
        },
    }


def deployment() -> dict[str, Any]:
    arguments = [
        "--cert-dir=/tmp",
        f"--secure-port={PORT}",
        "--kubelet-preferred-address-types=InternalIP,ExternalIP,Hostname",
        f"--kubelet-certificate-authority={CLUSTER_CA}",
        "--metric-resolution=15s",
    ]

    def probe(path: str) -> dict[str, Any]:
        return {"httpGet": {"path": path, "port": "https", "scheme": "HTTPS"}, "periodSeconds": 5}

    container = {
        "name": NAME,
        "image": IMAGE,
        "imagePullPolicy": "IfNotPresent",
        "args": arguments,
        "ports": [{"containerPort": PORT, "name": "https", "protocol": "TCP"}],
        "readinessProbe": probe("/readyz"),
        "livenessProbe": {**probe("/livez"), "initialDelaySeconds": 20},
        "resources": {"requests": {"cpu": "50m", "memory": "100Mi"}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "runAsNonRoot": True,
            "runAsUser": 1000,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [{"mountPath": "/tmp", "name": "tmp-dir"}],  # noqa: S108 the container has nothing else there
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": metadata(),
        "spec": {
            "selector": {"matchLabels": {"k8s-app": NAME}},
            "template": {
                "metadata": {"labels": {"k8s-app": NAME}},
                "spec": {
                    "serviceAccountName": NAME,
                    "priorityClassName": "system-cluster-critical",
                    "tolerations": [{"key": "node-role.kubernetes.io/control-plane", "effect": "NoSchedule"}],
                    "containers": [container],
                    "volumes": [{"name": "tmp-dir", "emptyDir": {}}],
                },
            },
        },
    }
