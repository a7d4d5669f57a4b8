"""Volumes for claims: directories on the node that runs the pod, made by Rancher's local-path provisioner.

It has a pod on the node make and remove each directory. Upstream's default for that is a shell in a busybox; ours is a
program that does these two things and no other (images/volumes).
"""

from __future__ import annotations

import json
from typing import Any

from bareplane.config.addons import StorageConfig
from bareplane.rbac import account, everywhere, rule, within

IMAGES = ("local-path-provisioner", "volumes")
"""Their names in the catalog."""
NAME = "local-path-provisioner"
NAMESPACE = "local-path-storage"
IMAGE = "docker.io/rancher/local-path-provisioner:v0.0.30"
CLASS = "local-path"
PROVISIONER = "rancher.io/local-path"
CONFIG = "local-path-config"
CONFIG_FOLDER = "/etc/config"
WORKER_IMAGE, WORKER = "bareplane.dev/volumes:1", "/volumes"


def provisioner(storage: StorageConfig) -> list[dict[str, Any]]:
    """The provisioner, what it may do, and where it makes volumes."""
    own = account(NAME, NAMESPACE)
    return [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}},
        own,
        *everywhere(
            NAME,
            own,
            [
                rule("", ["nodes", "persistentvolumeclaims"]),
                rule("", ["persistentvolumes"], ["get", "list", "watch", "create", "patch", "update", "delete"]),
                rule("", ["events"], ["create", "patch"]),
                rule("storage.k8s.io", ["storageclasses"]),
            ],
        ),
        *within(
            own,
            [
                rule("", ["configmaps"]),
                rule("", ["pods"], ["get", "list", "watch", "create", "delete"]),
                rule("", ["pods/log"], ["get"]),
            ],
        ),
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": CONFIG, "namespace": NAMESPACE},
            "data": {
                "config.json": json.dumps(configuration(storage.path), indent=1),
                "helperPod.yaml": json.dumps(working_pod(), indent=1),
            },
        },
        deployment(),
    ]


def storage_class(storage: StorageConfig) -> dict[str, Any]:
    """Bound once a pod needs it, so that the volume is made where the pod runs."""
    marks = {"storageclass.kubernetes.io/is-default-class": "true" if storage.default else "false"}
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": CLASS, "annotations": marks},
        "provisioner": PROVISIONER,
        "reclaimPolicy": storage.reclaim_policy,
        "volumeBindingMode": "WaitForFirstConsumer",
    }


def configuration(path: str) -> dict[str, Any]:
    """The same directory on every node. Both commands are one program, which is told what to do in its arguments."""
    everywhere_else = {"node": "DEFAULT_PATH_FOR_NON_LISTED_NODES", "paths": [path]}
    return {"nodePathMap": [everywhere_else], "setupCommand": WORKER, "teardownCommand": WORKER}


def working_pod() -> dict[str, Any]:
    """What makes or removes one directory; the provisioner adds node, command, arguments and the directory above.

    Root's, as that directory is; further only what it takes to remove what a pod's own users left.
    """
    container = {
        # The provisioner asks for the log of a container of this name.
        "name": "helper-pod",
        "image": WORKER_IMAGE,
        "imagePullPolicy": "IfNotPresent",
        "securityContext": {
            "runAsUser": 0,
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"], "add": ["DAC_OVERRIDE", "FOWNER"]},
        },
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "volume"},
        "spec": {
            "priorityClassName": "system-node-critical",
            "automountServiceAccountToken": False,
            "containers": [container],
        },
    }


def deployment() -> dict[str, Any]:
    labels = {"app": NAME}
    container = {
        "name": NAME,
        "image": IMAGE,
        "imagePullPolicy": "IfNotPresent",
        # By name: upstream's image has it in /usr/bin, the catalog's in /.
        "command": ["local-path-provisioner", "start", "--config", f"{CONFIG_FOLDER}/config.json"],
        "env": [
            {"name": "POD_NAMESPACE", "valueFrom": {"fieldRef": {"fieldPath": "metadata.namespace"}}},
            {"name": "SERVICE_ACCOUNT_NAME", "value": NAME},
            {"name": "CONFIG_MOUNT_PATH", "value": CONFIG_FOLDER},
        ],
        "resources": {"requests": {"cpu": "10m", "memory": "30Mi"}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "runAsNonRoot": True,
            "runAsUser": 65534,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [{"name": "config", "mountPath": CONFIG_FOLDER, "readOnly": True}],
    }
    pod = {
        "serviceAccountName": NAME,
        "priorityClassName": "system-cluster-critical",
        "tolerations": [{"key": "node-role.kubernetes.io/control-plane", "operator": "Exists", "effect": "NoSchedule"}],
        "terminationGracePeriodSeconds": 5,
        "containers": [container],
        "volumes": [{"name": "config", "configMap": {"name": CONFIG}}],
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": NAME, "namespace": NAMESPACE, "labels": labels},
        "spec": {
            # Two of them would race: it elects no leader.
            "strategy": {"type": "Recreate"},
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": pod},
        },
    }
