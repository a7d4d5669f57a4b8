"""`App`: a workload declared once; here as a Deployment and a Service in the cluster."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi

from bareplane.cluster import Cluster
from bareplane.config import AppConfig
from bareplane.resources import Manifest

LABEL = "app.kubernetes.io/name"


@dataclass(frozen=True)
class AppArgs:
    """The app, and the cluster that runs it."""

    config: AppConfig
    cluster: Cluster


class App(pulumi.ComponentResource):
    """An app in the cluster, its replicas on different nodes where there are enough."""

    def __init__(self, name: str, args: AppArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("bareplane:components:App", name, {}, opts)
        config, cluster = args.config, args.cluster
        self.manifest = Manifest(
            f"{name}-manifest",
            control_planes=cluster.control_planes,
            objects=objects(config),
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=[*cluster.memberships],
                # Gone with the cluster's etcd: deleting object by object would only wait for pods to end.
                deleted_with=cluster.bootstrap,
            ),
        )
        self.register_outputs({"name": config.name})


def objects(app: AppConfig) -> list[dict[str, Any]]:
    """What the cluster is given; Secrets come before the pods that read them."""
    given: list[dict[str, Any]] = [{"name": name, "value": value} for name, value in app.environment.items()]
    if not app.secret_environment:
        return [deployment(app, given), service(app)]
    sealed = secret(app)
    held = sealed["metadata"]["name"]
    given += [
        {"name": one, "valueFrom": {"secretKeyRef": {"name": held, "key": one}}} for one in app.secret_environment
    ]
    return [sealed, deployment(app, given), service(app)]


def secret(app: AppConfig) -> dict[str, Any]:
    """The app's secret environment. Its name changes with its content, so that new content means new pods.

    The name is no secret: a slow hash keeps what may be a short password from being found by trying.
    """
    content = json.dumps(app.secret_environment, sort_keys=True).encode()
    mark = hashlib.scrypt(content, salt=app.name.encode(), n=1 << 14, r=8, p=1, dklen=5).hex()
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": f"{app.name}-{mark}", "namespace": "default", "labels": {LABEL: app.name}},
        "data": {name: base64.b64encode(value.encode()).decode() for name, value in app.secret_environment.items()},
    }


def deployment(app: AppConfig, given: Sequence[Mapping[str, Any]] = ()) -> dict[str, Any]:
    """A Deployment whose pods prefer nodes that have none of them yet, and show their node in `NODE_NAME`.

    `given`: the environment the app was given, as entries of a container's `env`.
    """
    labels = {LABEL: app.name}
    environment: list[dict[str, Any]] = [dict(one) for one in given]
    environment.append({"name": "NODE_NAME", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}})
    environment.append({"name": "PORT", "value": str(app.port)})
    container = {
        "name": app.name,
        "image": app.image,
        "imagePullPolicy": "IfNotPresent",
        "env": environment,
        "ports": [{"containerPort": app.port}],
        "readinessProbe": {"tcpSocket": {"port": app.port}, "periodSeconds": 2},
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
    }
    spread = {
        "maxSkew": 1,
        "topologyKey": "kubernetes.io/hostname",
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": labels},
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": app.name, "namespace": "default", "labels": labels},
        "spec": {
            "replicas": app.replicas,
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"containers": [container], "topologySpreadConstraints": [spread]},
            },
        },
    }


def service(app: AppConfig) -> dict[str, Any]:
    """A Service on the app's port; of type NodePort where a node port is asked for."""
    port: dict[str, Any] = {"port": app.port, "targetPort": app.port, "protocol": "TCP"}
    if app.node_port is not None:
        port["nodePort"] = app.node_port
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": app.name, "namespace": "default", "labels": {LABEL: app.name}},
        "spec": {
            "type": "ClusterIP" if app.node_port is None else "NodePort",
            "selector": {LABEL: app.name},
            "ports": [port],
        },
    }
