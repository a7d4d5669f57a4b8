"""The table of kinds: for each an example, what may change in it, and what of it stands outside a machine.

Everything else the kit needs it takes from the resource itself: its facts say what can be broken and how. Rows stand in
the order in which a cluster is made; a row is tested when all rows above it have been made, and those below have not.
A new kind is one more row.
"""

from __future__ import annotations

from bareplane.server import COMPONENTS, CONTROL_PLANE_BINARIES, NODE_BINARIES
from tests.provider.conformance.examples import (
    DEPLOYED,
    address,
    always,
    api,
    app,
    certificate,
    client,
    control_plane,
    etcd,
    expiring,
    on,
    output,
    pki,
    server_rows,
    settings,
    static_pods,
)
from tests.provider.conformance.row import Break, Input, Row

APP = "kit"
IMAGES = ("pause", "coredns")
ADMINS = "kubeadm:cluster-admins"
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
    *server_rows("server-1", (*NODE_BINARIES, *CONTROL_PLANE_BINARIES, *COMPONENTS), IMAGES, checked=True),
    # Taken away before the cluster is made: the rows below are about a server without it.
    Row("server-1-docker", "DockerEngine", on("server-1"), "server-1", passing=True),
    Row(
        "server-1-docker-images",
        "Images",
        on("server-1", names=always(["hello", "pause"]), source=always("preload"), engine=always("docker")),
        "server-1",
        changes=(Input("names", ["hello"]), Input("engine", "containerd", "replace")),
        passing=True,
    ),
    app("server-1", "AppProcess", 8085),
    app("server-1", "AppContainer", 8095),
    pki(
        "server-1",
        changes=(
            Input("cluster.endpointAddresses", ["192.0.2.7"]),
            Input("node", "other", "replace"),
            Input("ca", {"certificate": "x", "key": "y"}, "refused"),
            Input("serviceAccount", {"publicKey": "x", "key": "y"}, "refused"),
        ),
    ),
    etcd("server-1", "processes"),
    Row(
        "quorum",
        "EtcdQuorum",
        api(members=always(["server-1"])),
        # The member's own kind starts it again; without its only member nobody says how any of them is.
        breaks=(Break("member stopped", "etcd", "answers", "systemctl stop etcd", mended="systemctl start etcd"),),
        stays=IN_ETCD,
    ),
    control_plane("server-1", "processes"),
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
        breaks=(Break("admins' binding deleted", "api", "answers", f"{KUBECTL} delete clusterrolebinding {ADMINS}"),),
        unbroken={f"ClusterRoleBinding {ADMINS}": "without it nobody may look, and `api answers` says so"},
        stays=IN_ETCD,
    ),
    Row(
        "approver",
        "ServingApprover",
        on("server-1", cluster=settings, **client("approver-certificate")),
        "server-1",
        changes=(Input("cluster.serviceSubnet", "10.112.0.0/12"),),
    ),
    *server_rows("server-2", NODE_BINARIES, IMAGES, checked=False),
    *static_pods("server-2"),
    Row(
        "server-2-volumes",
        "VolumeDirectory",
        on("server-2", path=always("/var/lib/bareplane-volumes")),
        "server-2",
        changes=(Input("path", "/srv/volumes", "refused"),),
    ),
    # Before there is a kubelet beside it: what pods do on a server is nobody's residue.
    Row(
        "server-2-network",
        "PodNetwork",
        on("server-2", cluster=settings, node=always("server-2"), **client("routes-certificate")),
        "server-2",
        changes=(Input("cluster.podSubnet", "10.200.0.0/16"),),
    ),
    *(
        Row(
            f"server-1-{name}",
            kind,
            on(
                "server-1",
                cluster=settings,
                node=always("server-1"),
                address=address("server-1"),
                schedulable=always(True),
            ),
            "server-1",
            changes=(Input("schedulable", False), Input("node", "other", "replace")),
            stays=stays,
        )
        for name, kind, stays in (
            ("kubelet", "ControlPlaneKubelet", ""),
            ("node", "ControlPlaneNode", "kubelet.conf points at the kubelet's own certificate until the kubelet goes"),
        )
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
    Row(
        "app",
        "AppDeployment",
        api(app=always("kit"), objects=always(DEPLOYED), waitSeconds=always(60)),
        changes=(Input("objects.1.spec.ports", [{"port": 81}]), Input("waitSeconds", 30)),
        removed=f"{KUBECTL} delete deployment,service kit",
    ),
)  # fmt: skip
