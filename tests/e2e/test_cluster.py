"""What runs after `pulumi up`, and who reaches whom."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator

import pytest

from tests.e2e.conftest import World
from tests.e2e.kubernetes import HELLO_IMAGE, Cluster, ask, eventually
from tests.e2e.stack import Outcome

NODES = ("server-1", "server-2", "server-3")


@pytest.fixture(scope="module")
def probes(cluster: Cluster) -> Iterator[dict[str, str]]:
    """Node → the pod of a client on it, also on the control plane."""
    pods = [
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": f"probe-{node}", "labels": {"probe": "yes"}},
            "spec": {
                "nodeName": node,
                "tolerations": [{"operator": "Exists"}],
                "terminationGracePeriodSeconds": 1,
                "containers": [{"name": "probe", "image": HELLO_IMAGE, "imagePullPolicy": "Never"}],
            },
        }
        for node in NODES
    ]
    cluster("apply", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": pods}))
    cluster("wait", "--for=condition=Ready", "pods", "-l", "probe=yes", "--timeout=60s")
    yield {node: f"probe-{node}" for node in NODES}
    cluster("delete", "pods", "-l", "probe=yes")


def test_all_nodes_are_ready_when_up_returns(cluster: Cluster, made: Outcome) -> None:
    assert cluster.nodes() == dict.fromkeys(NODES, True)
    assert set(made.steps.values()) == {"create"}


def test_system_pods_and_the_app_are_ready(cluster: Cluster) -> None:
    eventually(cluster.all_pods_ready, 120, "all pods Ready")
    system = {
        one["metadata"]["name"].rsplit("-", 2)[0] for one in cluster.json("get", "pods", "-n", "kube-system")["items"]
    }
    # The components are processes; only what kubeadm deploys as an add-on runs in pods.
    assert system == {"coredns"}


def test_the_app_has_two_pods_on_two_nodes(cluster: Cluster) -> None:
    assert sorted(one["spec"]["nodeName"] for one in cluster.pods()) == ["server-2", "server-3"]


@pytest.mark.parametrize("node", NODES)
def test_from_a_pod_on_each_node(cluster: Cluster, probes: dict[str, str], node: str) -> None:
    address = cluster.json("get", "service", "hello")["spec"]["clusterIP"]
    pods = {one["spec"]["nodeName"]: one["status"]["podIP"] for one in cluster.pods()}
    for name in (address, "hello", "hello.default.svc.cluster.local"):
        assert cluster.ask_from(probes[node], f"http://{name}:8080/")["message"] == "hello"
    for there, pod_address in pods.items():
        assert cluster.ask_from(probes[node], f"http://{pod_address}:8080/")["node"] == there


def test_pods_reach_the_api(cluster: Cluster, probes: dict[str, str]) -> None:
    done = subprocess.run(
        cluster.command("exec", probes["server-2"], "--", "/hello", "get", "http://kubernetes.default:443/"),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert "Client sent an HTTP request to an HTTPS server" in done.stdout + done.stderr


def test_node_port_from_outside_on_every_node(cluster: Cluster, world: World) -> None:
    for node in NODES:
        nodes = {ask(f"http://{world.lab.address(node)}:30080/")["node"] for _ in range(12)}
        assert nodes <= {"server-2", "server-3"}
        assert nodes


def test_logs(cluster: Cluster) -> None:
    for pod in cluster.pods():
        assert "listens on" in cluster("logs", pod["metadata"]["name"])


def test_port_forward(cluster: Cluster) -> None:
    with subprocess.Popen(
        cluster.command("port-forward", "service/hello", ":8080"), stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout
            found = re.search(r"127\.0\.0\.1:(\d+)", process.stdout.readline())
            assert found
            assert ask(f"http://127.0.0.1:{found.group(1)}/")["message"] == "hello"
        finally:
            process.terminate()
