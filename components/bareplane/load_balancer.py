"""MetalLB in L2 mode: a Service of type LoadBalancer gets an address of the nodes' network, which a node answers for.

Why this one: docs/decisions/0009. The speakers find dead ones of theirs by talking to each other (memberlist), within
seconds; the key for that is made by the controller, in the cluster, and is seen by nobody else.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from bareplane.load_balancer_types import GROUP, definitions
from bareplane.rbac import account, everywhere, rule, within

IMAGES = ("metallb-controller", "metallb-speaker")
"""Their names in the catalog."""
VERSION = "v0.15.3"
NAMESPACE = "metallb-system"
POOL = "addresses"
CONTROLLER, SPEAKER = "controller", "speaker"
METRICS_PORT, MEMBERS_PORT = 7472, 7946
MEMBERS_SECRET = "memberlist"  # noqa: S105 the Secret's name
EXCLUDED = "metallb-excludel2"
CONFIGURED = ("bfdprofiles", "bgpadvertisements", "bgppeers", "communities", "ipaddresspools", "l2advertisements")
# Interfaces that lead to pods, containers and VMs of the node itself: nobody out there asks for an address.
INSIDE = ("lo", "cni", "veth", "cali", "cilium", "flannel", "lxc", "tunl", "vxlan", "docker", "virbr", "kube-ipvs")
CONTROL_PLANE = {"key": "node-role.kubernetes.io/control-plane", "operator": "Exists", "effect": "NoSchedule"}


def load_balancer(*, control_planes_announce: bool) -> list[dict[str, Any]]:
    """Types, accounts, controller and speakers. Kubernetes asks that control planes answer for no address; where all
    nodes are control planes they have to (`control_planes_announce`)."""
    controller, speaker = account(CONTROLLER, NAMESPACE), account(SPEAKER, NAMESPACE)
    events = rule("", ["events"], ["create", "patch"])
    findings = ["configurationstates", "configurationstates/status"]
    services = ["services", "namespaces", "nodes"]
    every = ["*"]
    return [
        *definitions(),
        namespace(),
        controller,
        speaker,
        *everywhere(
            f"{NAMESPACE}:{CONTROLLER}",
            controller,
            [rule("", services), rule("", ["services/status"], ["update"]), events, rule(GROUP, findings, every)],
        ),
        *everywhere(
            f"{NAMESPACE}:{SPEAKER}",
            speaker,
            [
                rule("", services),
                rule("discovery.k8s.io", ["endpointslices"]),
                events,
                rule(GROUP, [*findings, "servicel2statuses", "servicel2statuses/status"], every),
            ],
        ),
        *within(
            controller,
            [
                rule("", ["secrets"], ["create", "list"]),
                {**rule("apps", ["deployments"], ["get"]), "resourceNames": [CONTROLLER]},
                rule(GROUP, CONFIGURED),
                rule(GROUP, ["ipaddresspools/status"], ["update"]),
            ],
        ),
        *within(
            speaker,
            [
                rule("", ["pods"], ["get", "list"]),
                rule("", ["secrets", "configmaps"]),
                rule(GROUP, CONFIGURED),
                rule(GROUP, ["servicebgpstatuses", "servicebgpstatuses/status"], every),
            ],
        ),
        excluded_interfaces(),
        controllers(),
        speakers(control_planes_announce=control_planes_announce),
    ]


def address_pool(addresses: Sequence[str]) -> list[dict[str, Any]]:
    """The addresses that are given out, and that they are announced."""
    named = {"apiVersion": f"{GROUP}/v1beta1", "metadata": {"name": POOL, "namespace": NAMESPACE}}
    return [
        {**named, "kind": "IPAddressPool", "spec": {"addresses": list(addresses)}},
        {**named, "kind": "L2Advertisement", "spec": {"ipAddressPools": [POOL]}},
    ]


def namespace() -> dict[str, Any]:
    """Its speakers use the nodes' network, which the strictest pod security would refuse."""
    levels = {f"pod-security.kubernetes.io/{mode}": "privileged" for mode in ("enforce", "audit", "warn")}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE, "labels": levels}}


def excluded_interfaces() -> dict[str, Any]:
    text = json.dumps({"announcedInterfacesToExclude": [f"^{name}.*" for name in INSIDE]})
    metadata = {"name": EXCLUDED, "namespace": NAMESPACE}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"excludel2.yaml": text}}


def controllers() -> dict[str, Any]:
    """Gives addresses to Services."""
    container = {
        "name": CONTROLLER,
        "image": f"quay.io/metallb/controller:{VERSION}",
        "imagePullPolicy": "IfNotPresent",
        # Without webhooks: they would check pools that others write, with certificates of their own in the cluster.
        "args": [f"--port={METRICS_PORT}", "--log-level=info", "--webhook-mode=disabled"],
        "env": [
            {"name": "METALLB_ML_SECRET_NAME", "value": MEMBERS_SECRET},
            {"name": "METALLB_DEPLOYMENT", "value": CONTROLLER},
        ],
        "ports": [{"name": "monitoring", "containerPort": METRICS_PORT, "protocol": "TCP"}],
        **probes(),
        "resources": {"requests": {"cpu": "20m", "memory": "40Mi"}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "runAsNonRoot": True,
            "runAsUser": 65534,
            "capabilities": {"drop": ["ALL"]},
        },
    }
    pod = {
        "serviceAccountName": CONTROLLER,
        "priorityClassName": "system-cluster-critical",
        "terminationGracePeriodSeconds": 2,
        "tolerations": [CONTROL_PLANE],
        "containers": [container],
    }
    return workload("Deployment", CONTROLLER, pod)


def speakers(*, control_planes_announce: bool) -> dict[str, Any]:
    """One on each node, in its network: answers ARP requests for the addresses that are its own at the moment."""
    container = {
        "name": SPEAKER,
        "image": f"quay.io/metallb/speaker:{VERSION}",
        "imagePullPolicy": "IfNotPresent",
        "args": [
            f"--port={METRICS_PORT}",
            "--log-level=info",
            *(["--ignore-exclude-lb"] if control_planes_announce else []),
        ],
        "env": [
            field("METALLB_NODE_NAME", "spec.nodeName"),
            field("METALLB_POD_NAME", "metadata.name"),
            # Its metrics are nobody's outside the node.
            {"name": "METALLB_HOST", "value": "127.0.0.1"},
            field("METALLB_ML_BIND_ADDR", "status.podIP"),
            {"name": "METALLB_ML_LABELS", "value": f"app=metallb,component={SPEAKER}"},
            {"name": "METALLB_ML_SECRET_KEY_PATH", "value": "/etc/ml_secret_key"},
        ],
        "ports": [
            {"name": "monitoring", "containerPort": METRICS_PORT, "protocol": "TCP"},
            {"name": "members-tcp", "containerPort": MEMBERS_PORT, "protocol": "TCP"},
            {"name": "members-udp", "containerPort": MEMBERS_PORT, "protocol": "UDP"},
        ],
        **probes(host="127.0.0.1"),
        "resources": {"requests": {"cpu": "20m", "memory": "40Mi"}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            # ARP is spoken over a raw socket.
            "capabilities": {"drop": ["ALL"], "add": ["NET_RAW"]},
        },
        "volumeMounts": [
            {"name": "members", "mountPath": "/etc/ml_secret_key", "readOnly": True},
            {"name": "excluded", "mountPath": "/etc/metallb", "readOnly": True},
        ],
    }
    pod = {
        "serviceAccountName": SPEAKER,
        "priorityClassName": "system-node-critical",
        "hostNetwork": True,
        "terminationGracePeriodSeconds": 2,
        "tolerations": [CONTROL_PLANE],
        "containers": [container],
        "volumes": [
            # Until the controller has made it the kubelet tries again.
            {"name": "members", "secret": {"secretName": MEMBERS_SECRET}},
            {"name": "excluded", "configMap": {"name": EXCLUDED}},
        ],
    }
    return workload("DaemonSet", SPEAKER, pod)


def field(name: str, path: str) -> dict[str, Any]:
    return {"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}}


def probes(host: str | None = None) -> dict[str, Any]:
    where = {"host": host} if host else {}
    asked = {"httpGet": {"path": "/metrics", "port": "monitoring", **where}, "periodSeconds": 10}
    return {"readinessProbe": {**asked, "periodSeconds": 2}, "livenessProbe": {**asked, "initialDelaySeconds": 10}}


def workload(kind: str, component: str, pod: dict[str, Any]) -> dict[str, Any]:
    labels = {"app": "metallb", "component": component}
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": {"name": component, "namespace": NAMESPACE, "labels": labels},
        "spec": {"selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": pod}},
    }
