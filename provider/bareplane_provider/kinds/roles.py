"""What our own daemons may do in the cluster."""

from __future__ import annotations

from typing import Any

ROUTES_USER = "bareplane:routes"
APPROVER_USER = "bareplane:serving-approver"
SIGNER = "kubernetes.io/kubelet-serving"
RBAC = "rbac.authorization.k8s.io"


def objects() -> list[dict[str, Any]]:
    """Cluster roles and bindings, ready to apply."""
    reading_nodes = rule("", ["nodes"], ["get", "list", "watch"])
    certificates = "certificates.k8s.io"
    return [
        *role(ROUTES_USER, [reading_nodes]),
        *role(
            APPROVER_USER,
            [
                rule("", ["nodes"], ["list"]),
                rule(certificates, ["certificatesigningrequests"], ["get", "list", "watch"]),
                rule(certificates, ["certificatesigningrequests/approval"], ["update"]),
                {**rule(certificates, ["signers"], ["approve"]), "resourceNames": [SIGNER]},
            ],
        ),
    ]


def rule(group: str, resources: list[str], verbs: list[str]) -> dict[str, Any]:
    return {"apiGroups": [group], "resources": resources, "verbs": verbs}


def role(user: str, rules: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A cluster role named after its one user, and the binding."""
    return [
        {"apiVersion": f"{RBAC}/v1", "kind": "ClusterRole", "metadata": {"name": user}, "rules": rules},
        {
            "apiVersion": f"{RBAC}/v1",
            "kind": "ClusterRoleBinding",
            "metadata": {"name": user},
            "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": user},
            "subjects": [{"apiGroup": RBAC, "kind": "User", "name": user}],
        },
    ]
