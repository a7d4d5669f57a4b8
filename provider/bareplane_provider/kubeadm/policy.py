"""The API server's audit policy and its encryption of Secrets at rest, as typed models."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import Field

from bareplane_provider.kubeadm.objects import KubeModel
from bareplane_provider.kubeadm.yaml_text import yaml_text


class AuditRule(KubeModel):
    level: str
    users: list[str] | None = None
    verbs: list[str] | None = None
    resources: list[dict[str, Any]] | None = None
    non_resource_urls: list[str] | None = Field(default=None, serialization_alias="nonResourceURLs", alias_priority=2)


class AuditPolicy(KubeModel):
    api_version: str = "audit.k8s.io/v1"
    kind: str = "Policy"
    omit_stages: tuple[str, ...] = ("RequestReceived",)
    rules: list[AuditRule]


READING = ["get", "list", "watch"]


def audit_policy() -> str:
    """Who changed what, with the request's body except for secrets; reads and health checks of the system left out."""
    policy = AuditPolicy(
        rules=[
            AuditRule(level="None", non_resource_urls=["/healthz*", "/livez*", "/readyz*", "/version"]),
            AuditRule(level="None", resources=[{"group": "", "resources": ["events"]}]),
            AuditRule(level="None", resources=[{"group": "coordination.k8s.io", "resources": ["leases"]}]),
            AuditRule(
                level="Metadata",
                resources=[
                    {"group": "", "resources": ["secrets", "configmaps", "serviceaccounts/token"]},
                    {"group": "authentication.k8s.io", "resources": ["tokenreviews"]},
                ],
            ),
            AuditRule(level="None", users=["system:apiserver", "system:kube-scheduler"], verbs=READING),
            AuditRule(level="None", users=["system:kube-controller-manager", "system:kube-proxy"], verbs=READING),
            AuditRule(level="Metadata", verbs=READING),
            AuditRule(level="Request"),
        ]
    )
    return yaml_text(policy.to_dict())


def encryption_configuration(keys: Iterable[Mapping[str, str]]) -> str:
    """Secrets encrypted with the first key (XSalsa20-Poly1305); all keys, and no encryption, can be read."""
    return yaml_text(
        {
            "apiVersion": "apiserver.config.k8s.io/v1",
            "kind": "EncryptionConfiguration",
            "resources": [
                {
                    "resources": ["secrets"],
                    "providers": [
                        {"secretbox": {"keys": [{"name": one["name"], "secret": one["secret"]} for one in keys]}},
                        {"identity": {}},
                    ],
                }
            ],
        }
    )
