"""Examples of kinds on the servers and the cluster of the kit, which the table's rows are made of."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any

from bareplane.specs import Form
from bareplane_provider import catalog
from bareplane_provider.plugin.kind import Inputs
from tests.provider.conformance.certificates import about_to_expire
from tests.provider.conformance.row import Input, Row, World

VERSION = catalog.read_lock().version("kubeadm")
POD_SUBNET, SERVICE_SUBNET = "10.244.0.0/16", "10.96.0.0/12"

HELLO = catalog.read_lock().image("hello").reference
KIT = {"app.kubernetes.io/name": "kit"}
DEPLOYED = [
    {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "kit", "namespace": "default", "labels": KIT},
        "spec": {
            # What runs is the kubelet's matter, and of other tests.
            "replicas": 0,
            "selector": {"matchLabels": KIT},
            "template": {"metadata": {"labels": KIT}, "spec": {"containers": [{"name": "kit", "image": HELLO}]}},
        },
    },
    {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "kit", "namespace": "default"},
        "spec": {"selector": KIT, "ports": [{"port": 80}]},
    },
]


def place(server: str) -> Callable[[World], Inputs]:
    return lambda world: {"connection": world.connection(server), "owner": world.output("owner", "owner")}


def settings(world: World) -> Inputs:
    return {
        "name": "kit",
        "version": VERSION,
        "endpoint": "cluster.kit",
        "endpointAddresses": [world.servers["server-1"].address],
        "port": 6443,
        "podSubnet": POD_SUBNET,
        "serviceSubnet": SERVICE_SUBNET,
        "dnsDomain": "cluster.local",
        "nodeMask": 24,
    }


def on(server: str, **more: Callable[[World], Any]) -> Callable[[World], Inputs]:
    """Inputs of a phase on a server: its place, and more that may depend on what was made before."""

    def inputs(world: World) -> Inputs:
        return {**place(server)(world), **{name: value(world) for name, value in more.items()}}

    return inputs


def api(**more: Callable[[World], Any]) -> Callable[[World], Inputs]:
    """Inputs of a kind that works through the API."""

    def inputs(world: World) -> Inputs:
        through = {"controlPlanes": [world.connection("server-1")]}
        return {**through, **{name: value(world) for name, value in more.items()}}

    return inputs


def always(value: Any) -> Callable[[World], Any]:
    return lambda world: copy.deepcopy(value)


def address(server: str) -> Callable[[World], str]:
    return lambda world: world.servers[server].address


def output(row: str, name: str) -> Callable[[World], Any]:
    return lambda world: world.output(row, name)


def client(row: str) -> dict[str, Callable[[World], Any]]:
    """A client certificate and the CA, as daemons take them."""
    return {
        "caCertificate": output("identity", "caCertificate"),
        "certificate": output(row, "certificate"),
        "key": output(row, "key"),
    }


def expiring(user: str) -> Callable[[World], str]:
    return lambda world: about_to_expire(user, **world.output("identity", "ca"))


def certificate(row: str, user: str, *groups: str, **more: Any) -> Row:
    return Row(
        row,
        "ClientCertificate",
        lambda world: {
            "commonName": user,
            "organizations": list(groups),
            "days": 365,
            "caCertificate": world.output("identity", "caCertificate"),
            "caKey": world.output("identity", "ca")["key"],
        },
        **more,
    )


def server_rows(server: str, programs: Sequence[str], images: Sequence[str], *, checked: bool) -> list[Row]:
    """A server made ready, as the component `Server` does it."""
    return [
        Row(
            f"{server}-machine",
            "Machine",
            on(server, minimumMemoryMib=always(512), ports=always([10250])),
            server,
            changes=(
                Input("minimumMemoryMib", 600),
                Input("ports", [10250, 10256]),
                Input("owner", "somebody/else/0", "replace"),
            ),
            checked=checked,
        ),
        Row(
            f"{server}-settings",
            "HostSettings",
            on(
                server,
                endpoint=always("cluster.kit"),
                endpointAddresses=lambda world: [world.servers["server-1"].address],
            ),
            server,
            changes=(Input("endpoint", "other.kit"), Input("endpointAddresses", ["192.0.2.7"])),
            unbroken={
                "module": "the kernel is this computer's own",
                "sysctl kernel": "the kernel is this computer's own",
                "sysctl vm": "the kernel is this computer's own",
            },
            checked=checked,
        ),
        Row(
            f"{server}-binaries",
            "Binaries",
            on(server, kubernetesVersion=always(VERSION), names=always(list(programs))),
            server,
            changes=(Input("names", list(programs[:-1])),),
            checked=checked,
        ),
        Row(
            f"{server}-runtime",
            "ContainerRuntime",
            on(server, engine=always("containerd")),
            server,
            checked=checked,
        ),
        Row(
            f"{server}-images",
            "Images",
            on(server, names=always(list(images)), source=always("preload")),
            server,
            changes=(Input("names", list(images[:-1])), Input("source", "auto")),
            checked=checked,
        ),
    ]


def app(server: str, kind: str, port: int) -> Row:
    """An app on a server; its port is the server's, so that each has its own."""
    return Row(
        f"{server}-{kind}",
        kind,
        on(
            server,
            app=always("kit"),
            image=always(HELLO),
            command=always(["/hello"]),
            port=always(port),
            environment=always({"GREETING": "good day, $HOME \\"}),
            secretEnvironment=always({"WORD": "winterbottom"}),
            volume=always({"path": "/data", "size": "1Gi"}),
            healthCheck=always({"path": "/healthz", "periodSeconds": 5}),
            limits=always({"cpu": "500m", "memory": "64Mi"}),
        ),
        server,
        changes=(
            Input("port", port + 1),
            Input("environment", {"GREETING": "good night"}),
            Input("secretEnvironment", {"WORD": "summerbottom"}),
            Input("volume", {"path": "/store", "size": "1Gi"}),
            Input("healthCheck", {"path": "/", "periodSeconds": 5}),
            Input("limits", {"memory": "128Mi"}),
            Input("app", "other", "replace"),
        ),
        passing=True,
    )


def pki(server: str, **more: Any) -> Row:
    return Row(
        f"{server}-pki",
        "Pki",
        on(
            server,
            cluster=settings,
            node=always(server),
            address=address(server),
            ca=output("identity", "ca"),
            etcdCa=output("identity", "etcdCa"),
            frontProxyCa=output("identity", "frontProxyCa"),
            serviceAccount=output("identity", "serviceAccount"),
        ),
        server,
        **more,
    )


def etcd(server: str, form: Form, **more: Any) -> Row:
    return Row(
        f"{server}-etcd",
        "EtcdMember",
        on(
            server,
            cluster=settings,
            form=always(form),
            node=always(server),
            address=address(server),
            genesis=lambda world: {server: world.servers[server].address},
            token=output("identity", "etcdToken"),
        ),
        server,
        changes=(
            Input("genesis", {server: "192.0.2.7"}, "refused"),
            Input("token", "another", "refused"),
            Input("address", "192.0.2.7", "refused"),
            Input("form", "processes" if form == "static-pods" else "static-pods", "refused"),
        ),
        **more,
    )


def control_plane(server: str, form: Form, **more: Any) -> Row:
    return Row(
        f"{server}-control-plane",
        "ControlPlane",
        on(
            server,
            cluster=settings,
            form=always(form),
            node=always(server),
            address=address(server),
            encryptionKeys=output("keys", "keys"),
        ),
        server,
        changes=(Input("cluster.dnsDomain", "other.local"), Input("node", "other", "replace")),
        **more,
    )


def static_pods(server: str) -> list[Row]:
    """The other form, on a server where no kubelet starts it: its manifests, and nothing else."""
    return [
        pki(server, checked=False, passing=True),
        etcd(server, "static-pods", passing=True),
        control_plane(server, "static-pods", passing=True),
    ]
