"""kubeconfig files with everything embedded."""

from __future__ import annotations

import base64
import json


def kubeconfig(cluster: str, server: str, ca_certificate: str, user: str, certificate: str, key: str) -> str:
    """A kubeconfig (JSON, which is YAML too) for `user` at `server` (a URL); certificates and key are PEM."""
    context = f"{user}@{cluster}"
    return json.dumps(
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
        indent=2,
    )


def discovery(server: str, ca_certificate: str) -> str:
    """A kubeconfig that says where a cluster is and how to know it, and nothing of who asks: for `kubeadm join`."""
    cluster = {"server": server, "certificate-authority-data": encoded(ca_certificate)}
    return json.dumps({"apiVersion": "v1", "kind": "Config", "clusters": [{"name": "", "cluster": cluster}]}, indent=2)


def encoded(pem: str) -> str:
    return base64.b64encode(pem.encode()).decode()
