"""`App`: a workload declared once; here as a Deployment and a Service in the cluster."""

from __future__ import annotations

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
            objects=[deployment(config), service(config)],
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=[*cluster.memberships],
                # Gone with the cluster's etcd: deleting object by object would only wait for pods to end.
                deleted_with=cluster.bootstrap,
            ),
        )
        self.register_outputs({"name": config.name})


def deployment(app: AppConfig) -> dict[str, Any]:
    """A Deployment whose pods prefer nodes that have none of them yet, and show their node in `NODE_NAME`."""
    labels = {LABEL: app.name}
    environment: list[dict[str, Any]] = [{"name": name, "value": value} for name, value in app.environment.items()]
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
