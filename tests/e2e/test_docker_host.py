"""Docker on a server beside the cluster and on one of its nodes: containers run, drift is repaired, nothing stays."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.conftest import Figures, World, cluster_of
from tests.e2e.kubernetes import Cluster, answers, eventually
from tests.e2e.servers import differences
from tests.e2e.stack import Stack

HOSTS = ("server-4", "server-2")
NODES = ("server-1", "server-2")
HELLO = "bareplane.dev/hello:1"
DAEMON = "/etc/docker/daemon.json"


@pytest.fixture(scope="module")
def hosts(world: World, tmp_path_factory: pytest.TempPathFactory, figures: Figures) -> Iterator[Stack]:
    stack = Stack(tmp_path_factory.mktemp("stacks"), "docker", world.lab.inventory_file)
    stack.configure(
        workers=("server-2",),
        hosts=[{"server": one, "engine": "docker", "images": ["hello"]} for one in HOSTS],
    )
    outcome = stack.up()
    figures.add("pulumi up, one control plane, one worker, two Docker hosts", outcome.seconds)
    yield stack
    stack.destroy()


@pytest.fixture(scope="module")
def cluster(hosts: Stack, tmp_path_factory: pytest.TempPathFactory) -> Cluster:
    return cluster_of(hosts, tmp_path_factory.mktemp("kubectl"))


def test_a_container_answers_on_its_published_port(hosts: Stack, world: World) -> None:
    for host in HOSTS:
        # By the name that SSH sessions find, as Docker's own clients call it.
        world.lab.on(host, f"docker run --detach --restart always --name by-hand --publish 8090:8080 {HELLO}")
        url = f"http://{world.lab.address(host)}:8090/"
        eventually(lambda url=url: answers(url), 10, f"{host}'s container answers")


def test_pods_reach_each_other_beside_docker(cluster: Cluster, world: World) -> None:
    eventually(lambda: all(answers(f"http://{world.lab.address(one)}:30080/") for one in NODES), 60, "pods answer")
    assert cluster.nodes() == dict.fromkeys(NODES, True)


def test_a_user_who_may_become_root_uses_docker_and_another_does_not(hosts: Stack, world: World) -> None:
    assert world.lab.on("server-4", "su operator -c 'docker ps --quiet | wc -l'") == "1"
    assert "refused" in world.lab.on("server-4", "su -s /bin/sh nobody -c 'docker ps' >&2 || echo refused")


def test_a_second_up_changes_nothing_and_nothing_is_found(hosts: Stack) -> None:
    assert set(hosts.up().changes) == {"same"}
    hosts.refresh()
    assert hosts.preview().steps == {}


def test_changes_by_hand_are_named_and_repaired_under_running_containers(hosts: Stack, world: World) -> None:
    started = "docker inspect --format '{{.State.StartedAt}}' by-hand"
    before = world.lab.on("server-2", started)
    world.lab.on("server-4", "systemctl stop docker")
    world.lab.on("server-2", f"sed -i 's/nftables/iptables/' {DAEMON}")
    hosts.refresh()
    assert hosts.preview().differences == {
        "server-4-docker": ['facts["unit docker.service"].active'],
        "server-2-docker": [f'facts["file {DAEMON}"].content'],
    }
    assert hosts.up().steps == dict.fromkeys(("server-4-docker", "server-2-docker"), "update")
    assert world.lab.on("server-2", started) == before
    for host in HOSTS:
        url = f"http://{world.lab.address(host)}:8090/"
        eventually(lambda url=url: answers(url), 20, f"{host}'s container answers")


def test_a_node_that_is_no_host_any_more_keeps_its_pods_and_nothing_of_docker(
    hosts: Stack, cluster: Cluster, world: World
) -> None:
    hosts.configure(workers=("server-2",), hosts=[{"server": "server-4", "engine": "docker", "images": ["hello"]}])
    assert hosts.up().steps == dict.fromkeys(("server-2-host", "server-2-docker", "server-2-docker-images"), "delete")
    left = "ip -brief link show docker0 2>&1 || true; nft list tables; ls -d /var/lib/docker /etc/docker 2>&1 || true"
    assert "docker-bridges" not in (found := world.lab.on("server-2", left)), found
    assert found.count("No such file") == 2
    assert "does not exist" in found
    namespaces = "/opt/bareplane/bin/ctr namespaces ls --quiet 2>/dev/null"
    assert world.lab.on("server-2", namespaces).split() == ["k8s.io"]
    eventually(lambda: all(answers(f"http://{world.lab.address(one)}:30080/") for one in NODES), 60, "pods answer")


def test_destroy_takes_away_what_docker_was_used_for(hosts: Stack, world: World, figures: Figures) -> None:
    world.lab.on(
        "server-4",
        f"docker network create by-hand; docker volume create by-hand; "
        f"docker run --detach --network by-hand --volume by-hand:/data {HELLO}",
    )
    outcome = hosts.destroy()
    figures.add("destroy, one control plane, one worker, a Docker host", outcome.seconds)
    assert differences(world.before, world.lab.inventories()) == []
