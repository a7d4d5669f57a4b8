"""What something in the cluster may do, as objects of RBAC."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

GROUP = "rbac.authorization.k8s.io"
READ = ("get", "list", "watch")
Rule = dict[str, Any]


def rule(group: str, resources: Sequence[str], verbs: Sequence[str] = READ) -> Rule:
    return {"apiGroups": [group], "resources": list(resources), "verbs": list(verbs)}


def account(name: str, namespace: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name, "namespace": namespace}}


def everywhere(name: str, holder: dict[str, Any], rules: Sequence[Rule]) -> list[dict[str, Any]]:
    """A cluster role of the service account `holder`, and its binding, both called `name`."""
    return pair("ClusterRole", {"name": name}, holder, rules)


def within(holder: dict[str, Any], rules: Sequence[Rule]) -> list[dict[str, Any]]:
    """A role of the service account `holder` in its own namespace, and its binding, both called as it is."""
    return pair("Role", dict(holder["metadata"]), holder, rules)


def pair(kind: str, metadata: dict[str, str], holder: dict[str, Any], rules: Sequence[Rule]) -> list[dict[str, Any]]:
    made = {"apiVersion": f"{GROUP}/v1", "metadata": metadata}
    return [
        {**made, "kind": kind, "rules": list(rules)},
        {
            **made,
            "kind": f"{kind}Binding",
            "roleRef": {"apiGroup": GROUP, "kind": kind, "name": metadata["name"]},
            "subjects": [{"kind": "ServiceAccount", **holder["metadata"]}],
        },
    ]
