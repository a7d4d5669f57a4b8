"""An app as a Deployment and a Service of the cluster, its replicas on different nodes where there are enough."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

from bareplane.cluster import Cluster
from bareplane.config import AppConfig
from bareplane.resources import AppDeployment
from bareplane.specs import VolumeSpec

LABEL = "app.kubernetes.io/name"
VOLUME = "data"
NOBODYS_GROUP = 65532


def deployed_app(parent: pulumi.Resource, app: AppConfig, cluster: Cluster) -> AppDeployment:
    """The app's objects."""
    return AppDeployment(
        f"{app.name}-manifest",
        control_planes=cluster.control_planes,
        app=app.name,
        objects=objects(app),
        opts=pulumi.ResourceOptions(
            parent=parent,
            depends_on=[*cluster.memberships],
            # Gone with the cluster's etcd: deleting object by object would only wait for pods to end.
            deleted_with=cluster.bootstrap,
        ),
    )


def objects(app: AppConfig) -> list[dict[str, Any]]:
    """What the cluster is given; Secrets come before the pods that read them."""
    given: list[dict[str, Any]] = [{"name": name, "value": value} for name, value in app.environment.items()]
    before: list[dict[str, Any]] = []
    if app.secret_environment:
        sealed = secret(app)
        before.append(sealed)
        held = sealed["metadata"]["name"]
        given += [
            {"name": one, "valueFrom": {"secretKeyRef": {"name": held, "key": one}}} for one in app.secret_environment
        ]
    if app.volume is not None:
        before.append(claim(app, app.volume))
    return [*before, deployment(app, given), service(app)]


def claim(app: AppConfig, volume: VolumeSpec) -> dict[str, Any]:
    """Storage of the cluster's default class, for one node at a time."""
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": app.name, "namespace": "default", "labels": {LABEL: app.name}},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": volume.size}}},
    }


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
    pod: dict[str, Any] = {
        "containers": [container(app, environment)],
        "topologySpreadConstraints": [
            {
                "maxSkew": 1,
                "topologyKey": "kubernetes.io/hostname",
                "whenUnsatisfiable": "ScheduleAnyway",
                "labelSelector": {"matchLabels": labels},
            }
        ],
    }
    spec: dict[str, Any] = {
        "replicas": app.replicas,
        "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": pod},
    }
    if app.volume is not None:
        pod["volumes"] = [{"name": VOLUME, "persistentVolumeClaim": {"claimName": app.name}}]
        # An image's user is none that storage knows; a group of the pod's may write whoever the user is.
        pod["securityContext"] = {"fsGroup": NOBODYS_GROUP, "fsGroupChangePolicy": "OnRootMismatch"}
        # A new pod on another node would wait for ever for what the old one holds.
        spec["strategy"] = {"type": "Recreate"}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": app.name, "namespace": "default", "labels": labels},
        "spec": spec,
    }


def container(app: AppConfig, environment: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    made: dict[str, Any] = {
        "name": app.name,
        "image": app.image,
        "imagePullPolicy": "IfNotPresent",
        "env": list(environment),
        "ports": [{"containerPort": app.port}],
        "readinessProbe": {"tcpSocket": {"port": app.port}, "periodSeconds": 2},
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
    }
    if app.command:
        made["command"] = list(app.command)
    if app.health_check is not None:
        asked = {"httpGet": {"path": app.health_check.path, "port": app.port}}
        made["readinessProbe"] = {**asked, "periodSeconds": 2}
        # One that does not answer any more is started anew, after three times.
        made["livenessProbe"] = {**asked, "periodSeconds": app.health_check.period_seconds, "initialDelaySeconds": 10}
    limits = app.limits.to_wire()
    if limits:
        # What is not asked for would be as much as the limit, and keep others off the node.
        made["resources"] = {"limits": limits, "requests": dict.fromkeys(limits, "0")}
    if app.volume is not None:
        made["volumeMounts"] = [{"name": VOLUME, "mountPath": app.volume.path}]
    return made


def service(app: AppConfig) -> dict[str, Any]:
    """A Service on the app's port: with an address of its own, on every node, or within the cluster."""
    port: dict[str, Any] = {"port": app.port, "targetPort": app.port, "protocol": "TCP"}
    if app.node_port is not None:
        port["nodePort"] = app.node_port
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": app.name, "namespace": "default", "labels": {LABEL: app.name}},
        "spec": {
            "type": "LoadBalancer" if app.load_balancer else "ClusterIP" if app.node_port is None else "NodePort",
            "selector": {LABEL: app.name},
            "ports": [port],
        },
    }
