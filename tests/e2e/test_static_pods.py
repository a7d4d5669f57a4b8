"""The containerization model: the same cluster, its control plane as static pods, from nothing and gone again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.conftest import Figures, World, cluster_of
from tests.e2e.kubernetes import Cluster, answers, eventually
from tests.e2e.servers import differences
from tests.e2e.stack import Stack
from tests.e2e.test_killed import kill_and_recover
from tests.e2e.test_renewal import renewed

NODES = ("server-1", "server-2", "server-3")
MANIFESTS = "/etc/kubernetes/manifests"
COMPONENTS = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler")
# In seconds: the certificates and manifests, the kubelet that starts them, what the cluster needs once, the nodes.
KILLED = ((3, 6), (5, 9), (6, 12), (8, 16))
ENCRYPTED = (
    "etcdctl=/opt/bareplane/bin/etcdctl; pki=/etc/kubernetes/pki/etcd\n"
    "$etcdctl --endpoints=https://127.0.0.1:2379 --cacert=$pki/ca.crt --cert=$pki/healthcheck-client.crt "
    "--key=$pki/healthcheck-client.key get /registry/secrets/default/{name} "
    "| grep -aoE 'k8s:enc:[a-z0-9:-]+|winterbottom'"
)


@pytest.fixture(scope="module")
def pods(world: World, tmp_path_factory: pytest.TempPathFactory, figures: Figures) -> Iterator[Stack]:
    stack = Stack(tmp_path_factory.mktemp("stacks"), "pods", world.lab.inventory_file)
    stack.configure(model="containerization")
    try:
        outcome = stack.up()
        figures.add("pulumi up, static pods, one control plane and two workers", outcome.seconds)
        yield stack
    finally:
        stack.destroy()


@pytest.fixture(scope="module")
def cluster(pods: Stack, tmp_path_factory: pytest.TempPathFactory) -> Cluster:
    return cluster_of(pods, tmp_path_factory.mktemp("kubectl"))


def whole(cluster: Cluster, world: World) -> bool:
    everywhere = all(answers(f"http://{world.lab.address(node)}:30080/") for node in NODES)
    return everywhere and cluster.nodes() == dict.fromkeys(NODES, True) and cluster.all_pods_ready()


def test_the_control_plane_runs_in_pods(cluster: Cluster, pods: Stack, world: World) -> None:
    eventually(lambda: whole(cluster, world), 60, "everything runs")
    named = {one["metadata"]["name"] for one in cluster.pods("tier=control-plane", "kube-system")}
    assert named == {f"{name}-server-1" for name in COMPONENTS}
    services = "systemctl list-units --plain --no-legend --type service --state running | cut -d' ' -f1"
    running = world.lab.on("server-1", services).split()
    assert not {f"{name}.service" for name in COMPONENTS} & set(running)
    assert {"containerd.service", "kubelet.service", "kube-proxy.service"} <= set(running)


def test_a_second_up_changes_nothing_and_nothing_is_found(cluster: Cluster, pods: Stack) -> None:
    assert set(pods.up().changes) == {"same"}
    pods.refresh()
    assert pods.preview().steps == {}


def test_changes_by_hand_are_named_and_repaired(cluster: Cluster, pods: Stack, world: World) -> None:
    scheduler, manager = (f"{MANIFESTS}/{name}.yaml" for name in ("kube-scheduler", "kube-controller-manager"))
    world.lab.on("server-1", f"sed -i 's/--profiling=false/--profiling=true/' {scheduler}; rm {manager}")
    world.lab.on("server-1", f"chmod 0644 {MANIFESTS}/etcd.yaml")
    pods.refresh()
    assert pods.preview().differences == {
        "server-1-control-plane": [f'facts["file {manager}"].content', f'facts["file {scheduler}"].content'],
        "server-1-etcd": [f'facts["file {MANIFESTS}/etcd.yaml"].mode'],
    }
    assert set(pods.up().steps) == {"server-1-control-plane", "server-1-etcd"}
    assert "--profiling=false" in world.lab.on("server-1", f"cat {scheduler} /proc/$(pidof kube-scheduler)/cmdline")
    eventually(lambda: whole(cluster, world), 60, "everything runs again")
    pods.refresh()
    assert pods.preview().steps == {}


def test_a_new_encryption_key_is_used_once_up_is_done(cluster: Cluster, pods: Stack, world: World) -> None:
    keys = {"before": ["key-1"], "after": ["key-2", "key-1"]}
    for name, ring in keys.items():
        pods.configure(model="containerization", encryptionKeys=ring)
        pods.up()
        cluster("create", "secret", "generic", name, "--from-literal=word=winterbottom")
        stored = world.lab.on("server-1", ENCRYPTED.format(name=name))
        assert stored == f"k8s:enc:secretbox:v1:{ring[0]}:"


def test_a_certificate_near_its_end_is_renewed(cluster: Cluster, pods: Stack, world: World, tmp_path: Path) -> None:
    renewed(cluster, pods, world, tmp_path)


def test_the_cluster_is_whole_after_the_control_planes_server_was_restarted(cluster: Cluster, world: World) -> None:
    world.lab.call("restart", "server-1")
    world.hold("server-1")
    eventually(lambda: whole(cluster, world), 180, "everything runs again")


def test_destroy_leaves_no_residue(pods: Stack, world: World, figures: Figures) -> None:
    outcome = pods.destroy()
    figures.add("destroy, static pods", outcome.seconds)
    assert pods.export()["deployment"].get("resources", []) == []
    assert differences(world.before, world.lab.inventories()) == []
    assert all(session.answers("still here") for session in world.held.values())


def test_up_converges_after_it_was_killed_and_destroy_after_that(
    pods: Stack, world: World, figures: Figures, tmp_path_factory: pytest.TempPathFactory
) -> None:
    moments = [kill_and_recover(pods, window, "up") for window in KILLED]
    with figures.timed(f"up after ups killed at {moments} s, static pods"):
        pods.up()
    cluster = cluster_of(pods, tmp_path_factory.mktemp("kubectl"))
    eventually(lambda: whole(cluster, world), 120, "everything runs")
    assert set(pods.up().changes) == {"same"}
    kill_and_recover(pods, (2, 6), "destroy")
    pods.destroy()
    assert differences(world.before, world.lab.inventories()) == []
