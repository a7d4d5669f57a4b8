"""What a cloud would give a cluster: an address for a Service, and a volume for a claim; and both taken away again."""

from __future__ import annotations

import base64
import json
import subprocess
import urllib.request
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network
from typing import Any

import pytest

from tests.e2e.conftest import Figures, World
from tests.e2e.kubernetes import APP, Cluster, answers, eventually
from tests.e2e.servers import together
from tests.e2e.stack import HELLO, Outcome, Stack

NODES = ("server-1", "server-2", "server-3")
VOLUMES = "/var/lib/bareplane-volumes"
IMAGES = {"preload": ["pause", "coredns", "hello", "etcd"]}
DATABASE = "database"
OWN = ("bareplane-load-balancer", "bareplane-addresses", "bareplane-storage", "bareplane-storage-class")


@pytest.fixture(scope="module")
def addresses(world: World) -> str:
    """Addresses of the lab's network that no server has."""
    network = IPv4Network(f"{world.lab.address('server-1')}/24", strict=False)
    return f"{network[200]}-{network[210]}"


@pytest.fixture(scope="module")
def added(cluster: Cluster, stack: Stack, addresses: str, figures: Figures) -> Outcome:
    """The run that added both to the running cluster."""
    stack.configure(images=IMAGES, loadBalancer={"addresses": [addresses]}, storage={})
    outcome = stack.up()
    figures.add("load balancer and storage added", outcome.seconds)
    return outcome


@pytest.fixture(scope="module")
def address(cluster: Cluster, added: Outcome, addresses: str) -> Iterator[str]:
    """That of a Service in front of hello."""
    cluster("apply", "-f", "-", stdin=json.dumps(service("hello-outside", {"app.kubernetes.io/name": "hello"}, 8080)))
    given = given_to(cluster, "hello-outside")
    first, _, last = addresses.partition("-")
    assert IPv4Address(first) <= IPv4Address(given) <= IPv4Address(last)
    yield given
    cluster("delete", "service", "hello-outside", "--ignore-not-found")


def service(name: str, selector: dict[str, str], port: int) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name},
        "spec": {"type": "LoadBalancer", "selector": selector, "ports": [{"port": port}]},
    }


def ingress(cluster: Cluster, name: str) -> list[str]:
    status = cluster.json("get", "service", name)["status"]
    return [one["ip"] for one in status.get("loadBalancer", {}).get("ingress", [])]


def given_to(cluster: Cluster, name: str) -> str:
    eventually(lambda: bool(ingress(cluster, name)), 30, f"an address for {name}")
    return ingress(cluster, name)[0]


def card(address: str) -> str:
    """The network card that this computer sends packets for the address to; empty while it knows none."""
    argv = ["ip", "-json", "neigh", "show", address]
    table = json.loads(subprocess.run(argv, capture_output=True, text=True, check=True).stdout)
    return next((one.get("lladdr", "") for one in table), "")


def announced_by(world: World, address: str) -> str:
    """The server that answers for the address; empty while none does."""
    cards = {card(world.lab.address(server)): server for server in NODES}
    return cards.get(card(address), "")


def database() -> list[dict[str, Any]]:
    """An etcd of the test's own, whose data stands in a volume, and which is reached from outside."""
    labels = {"app": DATABASE}
    arguments = [
        "--data-dir=/data/etcd",
        "--listen-client-urls=http://0.0.0.0:2379",
        "--advertise-client-urls=http://0.0.0.0:2379",
    ]
    container = {
        "name": DATABASE,
        "image": "registry.k8s.io/etcd:3.6.8-0",
        "imagePullPolicy": "Never",
        "args": arguments,
        "readinessProbe": {"httpGet": {"path": "/readyz", "port": 2379}, "periodSeconds": 1},
        # Not root: the volume is open to whoever the pod runs as.
        "securityContext": {"runAsUser": 12345, "runAsNonRoot": True, "capabilities": {"drop": ["ALL"]}},
        "volumeMounts": [{"name": "data", "mountPath": "/data"}],
    }
    pod = {
        "terminationGracePeriodSeconds": 2,
        "containers": [container],
        "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": DATABASE}}],
    }
    return [
        {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "metadata": {"name": DATABASE},
            "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "64Mi"}}},
        },
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": DATABASE},
            "spec": {
                "strategy": {"type": "Recreate"},
                "selector": {"matchLabels": labels},
                "template": {"metadata": {"labels": labels}, "spec": pod},
            },
        },
        service(DATABASE, labels, 2379),
    ]


def asked(address: str, path: str, **fields: str) -> dict[str, Any]:
    body = {name: base64.b64encode(value.encode()).decode() for name, value in fields.items()}
    request = urllib.request.Request(f"http://{address}:2379/v3/kv/{path}", json.dumps(body).encode())
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def kept(address: str) -> list[str]:
    return [base64.b64decode(one["value"]).decode() for one in asked(address, "range", key="word").get("kvs", [])]


def test_both_are_added_to_a_running_cluster(cluster: Cluster, added: Outcome, stack: Stack, world: World) -> None:
    created = {name for name, operation in added.steps.items() if operation == "create"}
    assert created == {*OWN, *(f"{node}-volumes" for node in NODES)}
    assert added.steps.keys() - created == {f"{node}-images" for node in NODES}
    assert together(lambda node: world.lab.on(node, f"stat -c '%a %U' {VOLUMES}"), NODES) == dict.fromkeys(
        NODES, "700 root"
    )
    assert set(stack.up().changes) == {"same"}
    stack.refresh()
    assert stack.preview().differences == {}


def test_a_service_gets_an_address_that_answers_from_outside(address: str, world: World, figures: Figures) -> None:
    url = f"http://{address}:8080/"
    figures.add("a new address answers after", eventually(lambda: answers(url), 30, "hello answers at its address"))
    # Workers answer for it; Kubernetes asks of a control plane that it does not.
    assert announced_by(world, address) in ("server-2", "server-3")


def test_data_outlives_the_pod_that_wrote_it(cluster: Cluster, added: Outcome, world: World) -> None:
    there = database_with_a_word(cluster)
    (before,) = cluster.pods(f"app={DATABASE}")
    node = before["spec"]["nodeName"]
    assert "_default_database" in world.lab.on(node, f"ls {VOLUMES}")
    cluster("delete", "pod", before["metadata"]["name"], "--wait=true")
    cluster("rollout", "status", f"deployment/{DATABASE}", "--timeout=90s")
    (after,) = cluster.pods(f"app={DATABASE}")
    assert after["metadata"]["uid"] != before["metadata"]["uid"]
    eventually(lambda: kept_or_nothing(there) == ["winterbottom"], 20, "what the first pod wrote is read back")
    cluster("delete", "service,deployment,pvc", DATABASE)
    eventually(lambda: world.lab.on(node, f"ls {VOLUMES}") == "", 60, "the volume goes with its claim")


def database_with_a_word(cluster: Cluster) -> str:
    """Its address; it remembers `winterbottom`."""
    cluster("apply", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": database()}))
    cluster("rollout", "status", f"deployment/{DATABASE}", "--timeout=90s")
    there = given_to(cluster, DATABASE)
    eventually(lambda: kept_or_nothing(there) == [], 20, "the database answers from outside")
    asked(there, "put", key="word", value="winterbottom")
    return there


def kept_or_nothing(address: str) -> list[str] | None:
    try:
        return kept(address)
    except OSError:
        return None


def test_what_becomes_of_volumes_can_be_changed(cluster: Cluster, stack: Stack, addresses: str, added: Outcome) -> None:
    stack.configure(
        images=IMAGES, loadBalancer={"addresses": [addresses]}, storage={"reclaimPolicy": "Retain", "default": False}
    )
    assert set(stack.up().steps) == {"bareplane-storage-class"}
    made = cluster.json("get", "storageclass", "local-path")
    assert made["reclaimPolicy"] == "Retain"
    assert made["metadata"]["annotations"]["storageclass.kubernetes.io/is-default-class"] == "false"


def test_another_node_takes_the_address_of_one_that_is_gone(
    cluster: Cluster, address: str, world: World, figures: Figures
) -> None:
    url = f"http://{address}:8080/"
    eventually(lambda: answers(url), 30, "hello answers at its address")
    gone = announced_by(world, address)
    (other,) = {"server-2", "server-3"} - {gone}
    # Nobody says goodbye: as if its cable was pulled, once this session has ended.
    exact = "--timer-property=AccuracySec=10ms"
    world.lab.on(gone, f"systemd-run --quiet --collect --on-active=1 {exact} ip link set eth0 down")
    try:
        seconds = eventually(lambda: announced_by(world, address) == other, 30, f"{other} answers for {gone}")
        figures.add("another node answers for an address after", seconds)
        eventually(lambda: answers(url), 60, "hello answers at its address")
    finally:
        world.lab.call("restart", gone)
        world.hold(gone)
    eventually(lambda: cluster.nodes() == dict.fromkeys(NODES, True), 120, f"{gone} is back")
    eventually(lambda: len(cluster.pods(APP)) == HELLO["replicas"] and cluster.all_pods_ready(), 120, "all is well")
    eventually(lambda: answers(url), 60, "hello answers at its address")


def test_types_deleted_by_hand_are_named_and_made_again(
    cluster: Cluster, stack: Stack, address: str, addresses: str
) -> None:
    cluster("delete", "crd", "ipaddresspools.metallb.io")
    stack.refresh()
    assert set(stack.preview().differences) == {"bareplane-load-balancer", "bareplane-addresses"}
    stack.up()
    pool = cluster.json("get", "ipaddresspools.metallb.io", "addresses", "-n", "metallb-system")
    assert pool["spec"]["addresses"] == [addresses]
    # MetalLB asks for a type that was gone less and less often.
    eventually(lambda: answers(f"http://{address}:8080/"), 120, "hello answers at its address")


def test_both_are_taken_away_without_residue(
    cluster: Cluster, stack: Stack, world: World, address: str, figures: Figures
) -> None:
    stack.configure()
    outcome = stack.up()
    figures.add("load balancer and storage removed", outcome.seconds)
    deleted = {name for name, operation in outcome.steps.items() if operation == "delete"}
    assert deleted == {*OWN, *(f"{node}-volumes" for node in NODES)}
    left = cluster("get", "crd,storageclass,clusterrole,clusterrolebinding,namespace", "-o", "name").splitlines()
    assert [one for one in left if "metallb" in one or "local-path" in one] == []
    # The Service stays, as its user's; its address was taken back before the controller went.
    assert ingress(cluster, "hello-outside") == []
    assert not answers(f"http://{address}:8080/")
    there = together(lambda node: world.lab.on(node, f"test ! -e {VOLUMES} || ls -la {VOLUMES}"), NODES)
    assert there == dict.fromkeys(NODES, "")
    assert set(stack.up().changes) == {"same"}


def test_both_can_be_had_again_and_are_left_to_destroy(
    cluster: Cluster, stack: Stack, world: World, addresses: str
) -> None:
    """With data in a volume that is in use: the test that destroys the cluster looks at what is left."""
    stack.configure(images=IMAGES, loadBalancer={"addresses": [addresses]}, storage={})
    stack.up()
    database_with_a_word(cluster)
    (pod,) = cluster.pods(f"app={DATABASE}")
    assert "_default_database" in world.lab.on(pod["spec"]["nodeName"], f"ls {VOLUMES}")
