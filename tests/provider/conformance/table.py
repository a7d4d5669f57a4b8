"""The table of kinds: for each an example, what may change in it, and what of it stands outside a machine.

Everything else the kit needs it takes from the resource itself: its facts say what can be broken and how. Rows stand in
the order in which a cluster is made; a row is tested when all rows above it have been made, and those below have not.
A new kind is one more row.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from bareplane.server import CONTROL_PLANE_BINARIES, NODE_BINARIES
from bareplane_provider import catalog
from bareplane_provider.plugin.kind import Inputs
from tests.provider.conformance.certificates import about_to_expire
from tests.provider.conformance.driver import Held
from tests.provider.conformance.servers import Server

Outcome = Literal["update", "replace", "refused", "nothing"]
VERSION = catalog.read_lock().version("kubeadm")
POD_SUBNET, SERVICE_SUBNET = "10.244.0.0/16", "10.96.0.0/12"
APP = "kit"


@dataclass
class World:
    """Servers, and what has been made on them so far, by row name."""

    servers: Mapping[str, Server]
    held: dict[str, Held] = field(default_factory=dict[str, Held])

    def output(self, row: str, name: str) -> Any:
        return self.held[row].outputs[name]

    def connection(self, server: str) -> dict[str, Any]:
        return dict(self.servers[server].entry)


@dataclass(frozen=True)
class Input:
    """One input changed: its path, the value to give, and what must follow."""

    path: str
    value: Any
    outcome: Outcome = "update"


@dataclass(frozen=True)
class Break:
    """One fact broken by hand, by a shell script on a server: which fact must be named, of which item."""

    what: str
    item: str
    fact: str
    script: str
    server: str = "server-1"


@dataclass(frozen=True)
class Row:
    """One example of a kind."""

    name: str
    kind: str
    inputs: Callable[[World], Inputs]
    server: str | None = None
    """Where it stands; None for what lives in the state or in the cluster's API."""
    changes: Sequence[Input] = ()
    breaks: Sequence[Break] = ()
    """For facts outside a machine: those on it are broken by what they are (breaks.py)."""
    unbroken: Mapping[str, str] = field(default_factory=dict[str, str])
    """Facts that nothing here can break, by item or `item fact`, and why."""
    aged: Mapping[str, Callable[[World], Any]] = field(default_factory=dict[str, Callable[["World"], Any]])
    """Outputs as they would be near the end of their life."""
    stays: str = ""
    """Why deleting it leaves something, and what takes that away."""
    removed: str = ""
    """A script that removes by hand what a kind in the API made."""
    checked: bool = True
    """Otherwise it is made only because later rows need it."""

    @property
    def token(self) -> str:
        return f"bareplane:index:{self.kind}"


def with_input(inputs: Inputs, path: str, value: Any) -> Inputs:
    """A copy of the inputs with the value at a dotted path set; list indices are numbers."""
    made = copy.deepcopy(inputs)
    *way, last = path.split(".")
    inner: Any = made
    for part in way:
        inner = inner[int(part) if part.isdecimal() else part]
    inner[last] = value
    return made


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


IN_ETCD = "it is in etcd, and goes with etcd's members"
OBJECTS = [
    {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": APP}},
    {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": APP, "namespace": APP, "labels": {"app": APP}},
        "data": {"greeting": "hello"},
    },
]
KUBECTL = "/opt/bareplane/bin/kubectl --kubeconfig /etc/kubernetes/admin.conf --cache-dir /dev/null"

ROWS: tuple[Row, ...] = (
    Row(
        "owner",
        "StackIdentity",
        always({"project": "kit", "stack": "conformance"}),
        changes=(Input("project", "other", "replace"), Input("stack", "other", "replace")),
    ),
    Row(
        "identity",
        "ClusterIdentity",
        always({"cluster": "kit", "years": 10}),
        changes=(Input("cluster", "other", "refused"), Input("years", 5, "refused")),
    ),
    Row("keys", "EncryptionKeyRing", always({"names": ["key-1"]}), changes=(Input("names", ["key-2", "key-1"]),)),
    certificate(
        "proxy-certificate",
        "system:kube-proxy",
        changes=(Input("commonName", "other"), Input("organizations", ["some"]), Input("days", 30)),
        aged={"certificate": expiring("system:kube-proxy")},
    ),
    certificate("routes-certificate", "bareplane:routes", checked=False),
    certificate("approver-certificate", "bareplane:serving-approver", checked=False),
    *server_rows("server-1", (*NODE_BINARIES, *CONTROL_PLANE_BINARIES), ("pause", "coredns"), checked=True),
    Row(
        "pki",
        "Pki",
        on(
            "server-1",
            cluster=settings,
            node=always("server-1"),
            address=address("server-1"),
            ca=output("identity", "ca"),
            etcdCa=output("identity", "etcdCa"),
            frontProxyCa=output("identity", "frontProxyCa"),
            serviceAccount=output("identity", "serviceAccount"),
        ),
        "server-1",
        changes=(
            Input("cluster.endpointAddresses", ["192.0.2.7"]),
            Input("node", "other", "replace"),
            Input("ca", {"certificate": "x", "key": "y"}, "refused"),
            Input("serviceAccount", {"publicKey": "x", "key": "y"}, "refused"),
        ),
    ),
    Row(
        "etcd",
        "EtcdMember",
        on(
            "server-1",
            node=always("server-1"),
            address=address("server-1"),
            genesis=lambda world: {"server-1": world.servers["server-1"].address},
            token=output("identity", "etcdToken"),
        ),
        "server-1",
        changes=(
            Input("genesis", {"server-1": "192.0.2.7"}, "refused"),
            Input("token", "another", "refused"),
            Input("address", "192.0.2.7", "refused"),
        ),
    ),
    Row("quorum", "EtcdQuorum", api(members=always(["server-1"])), stays=IN_ETCD),
    Row(
        "control-plane",
        "ControlPlane",
        on(
            "server-1",
            cluster=settings,
            node=always("server-1"),
            address=address("server-1"),
            encryptionKeys=output("keys", "keys"),
        ),
        "server-1",
        changes=(Input("cluster.dnsDomain", "other.local"), Input("node", "other", "replace")),
    ),
    Row(
        "bootstrap",
        "ClusterBootstrap",
        api(
            cluster=settings,
            node=always("server-1"),
            address=address("server-1"),
            dnsReplicas=always(1),
        ),
        changes=(Input("dnsReplicas", 2), Input("cluster.podSubnet", "10.200.0.0/16", "refused")),
        stays=IN_ETCD,
    ),
    Row(
        "approver",
        "ServingApprover",
        on("server-1", cluster=settings, **client("approver-certificate")),
        "server-1",
        changes=(Input("cluster.serviceSubnet", "10.112.0.0/12"),),
    ),
    *server_rows("server-2", NODE_BINARIES, ("pause", "coredns"), checked=False),
    # Before there is a kubelet beside it: what pods do on a server is nobody's residue.
    Row(
        "server-2-network",
        "PodNetwork",
        on("server-2", cluster=settings, node=always("server-2"), **client("routes-certificate")),
        "server-2",
        changes=(Input("cluster.podSubnet", "10.200.0.0/16"),),
    ),
    Row(
        "server-1-node",
        "ControlPlaneNode",
        on(
            "server-1",
            cluster=settings,
            node=always("server-1"),
            address=address("server-1"),
            schedulable=always(True),
        ),
        "server-1",
        changes=(Input("schedulable", False), Input("node", "other", "replace")),
    ),
    Row(
        "server-1-proxy",
        "KubeProxy",
        on("server-1", cluster=settings, node=always("server-1"), **client("proxy-certificate")),
        "server-1",
        changes=(Input("cluster.podSubnet", "10.200.0.0/16"),),
    ),
    Row(
        "server-1-network",
        "PodNetwork",
        on("server-1", cluster=settings, node=always("server-1"), **client("routes-certificate")),
        "server-1",
        checked=False,
    ),
    Row("server-1-membership", "NodeMembership", api(node=always("server-1")), checked=False),
    Row(
        "server-2-node",
        "WorkerNode",
        on(
            "server-2",
            cluster=settings,
            node=always("server-2"),
            address=address("server-2"),
            controlPlanes=lambda world: [world.connection("server-1")],
            caCertificate=output("identity", "caCertificate"),
        ),
        "server-2",
        changes=(Input("node", "other", "replace"), Input("address", "192.0.2.7", "replace")),
        stays="the node stays in the API until its NodeMembership is deleted",
    ),
    Row(
        "server-2-membership",
        "NodeMembership",
        api(
            node=always("server-2"),
            connection=lambda world: world.connection("server-2"),
            drainSeconds=always(60),
            labels=always({"kit": "yes"}),
            taints=always(["kit:NoSchedule"]),
        ),
        changes=(
            Input("drainSeconds", 30),
            Input("labels", {"kit": "no"}),
            Input("taints", ["kit:PreferNoSchedule"]),
            Input("node", "server-1", "replace"),
        ),
        breaks=(
            Break("cordoned", "node server-2", "schedulable", f"{KUBECTL} cordon server-2"),
            Break("label removed", "node server-2", "label kit", f"{KUBECTL} label node server-2 kit-"),
            Break("label changed", "node server-2", "label kit", f"{KUBECTL} label --overwrite node server-2 kit=no"),
            Break("taint removed", "node server-2", "taint kit:NoSchedule", f"{KUBECTL} taint node server-2 kit-"),
        ),
    ),
    Row(
        "manifest",
        "Manifest",
        api(objects=always(OBJECTS), waitSeconds=always(60)),
        changes=(Input("objects.1.data", {"greeting": "good day"}), Input("waitSeconds", 30)),
        removed=f"{KUBECTL} delete namespace {APP}",
    ),
)  # fmt: skip
