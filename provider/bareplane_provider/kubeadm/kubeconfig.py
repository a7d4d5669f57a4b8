"""kubeconfig files with everything embedded."""

from __future__ import annotations

import base64

import yaml


def kubeconfig(cluster: str, server: str, ca_certificate: str, user: str, certificate: str, key: str) -> str:
    """A kubeconfig for `user` at `server` (a URL); certificates and key are PEM."""
    context = f"{user}@{cluster}"
    return yaml.safe_dump(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [
                {"name": cluster, "cluster": {"server": server, "certificate-authority-data": encoded(ca_certificate)}}
            ],
            "users": [
                {
                    "name": user,
                    "user": {"client-certificate-data": encoded(certificate), "client-key-data": encoded(key)},
                }
            ],
            "contexts": [{"name": context, "context": {"cluster": cluster, "user": user}}],
            "current-context": context,
        },
        sort_keys=False,
    )


def encoded(pem: str) -> str:
    return base64.b64encode(pem.encode()).decode()
