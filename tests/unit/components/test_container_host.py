"""Container hosts beside a cluster and on its nodes."""

from __future__ import annotations

from typing import Any

import pulumi

from bareplane import Cluster, ClusterArgs, ClusterConfig, ContainerHost, ContainerHostArgs
from bareplane.specs import Engine
from tests.unit.components.conftest import Graph, connection, run

HELD: dict[str, ContainerHost] = {}


def hosts(**engines: Engine) -> Graph:
    """A cluster of server-1 and server-2, and hosts by name (`server_4`) and engine."""
    servers = {f"server-{n}": connection(f"server-{n}", n) for n in range(1, 5)}
    config = ClusterConfig.from_wire(
        {
            "endpoint": "cluster.lab",
            "controlPlane": {"nodes": ["server-1"]},
            "workers": ["server-2", "server-3"],
            "runtimes": {"server-3": "docker"},
        }
    )

    def program() -> dict[str, pulumi.Output[Any]]:
        cluster = Cluster("bareplane", ClusterArgs(config=config, servers=servers))
        for name, engine in engines.items():
            server = name.replace("_", "-")
            HELD[server] = ContainerHost(
                f"{server}-host",
                ContainerHostArgs(
                    connection=servers[server],
                    owner=cluster.owner.owner,
                    engine=engine,
                    images=("hello",) if engine == "docker" else (),
                    node=cluster.servers.get(server),
                ),
            )
        return {}

    return run(program)


def of(graph: Graph, server: str) -> set[str]:
    return {name for name in graph.resources if name.startswith(f"{server}-")}


def test_a_host_beside_the_cluster_gets_an_engine_and_nothing_of_kubernetes() -> None:
    graph = hosts(server_4="docker")
    assert of(graph, "server-4") == {
        f"server-4-{one}" for one in ("host", "machine", "settings", "binaries", "runtime", "docker", "docker-images")
    }
    assert set(graph["server-4-binaries"].inputs["names"]) == {"containerd", "containerd-shim-runc-v2", "ctr", "runc"}
    assert "endpoint" not in graph["server-4-settings"].inputs
    assert graph.before("server-4-docker-images") >= {"server-4-docker", "server-4-runtime", "server-4-machine"}
    assert HELD["server-4"].engine == "docker"


def test_a_host_with_containerd_has_no_docker() -> None:
    graph = hosts(server_4="containerd")
    assert "DockerEngine" not in {graph[name].kind for name in of(graph, "server-4")}


def test_a_host_with_cri_o_has_no_containerd() -> None:
    graph = hosts(server_4="cri-o")
    assert set(graph["server-4-binaries"].inputs["names"]) == {"runc", "crio", "conmon", "pinns"}
    assert graph["server-4-runtime"].inputs["engine"] == "cri-o"


def test_on_a_node_only_what_the_node_lacks_is_added() -> None:
    graph, without = hosts(server_2="docker", server_1="containerd"), hosts()
    assert of(graph, "server-2") - of(without, "server-2") == {
        f"server-2-{one}" for one in ("host", "docker", "docker-images")
    }
    assert graph["server-2-docker"].needs == {"server-2-runtime", "bareplane-owner"}
    assert of(graph, "server-1") - of(without, "server-1") == {"server-1-host"}


def test_a_node_whose_runtime_is_docker_has_one_docker() -> None:
    graph = hosts(server_3="docker")
    assert graph["server-3-docker"].parent == "server-3"
    assert graph["server-3-docker"].inputs["kubernetes"] is True
    assert graph["server-3-images"].inputs["engine"] == "docker"
    assert "server-3-docker" in graph.before("server-3-node") & graph.before("server-3-images")
    assert [graph[f"server-{n}-node"].inputs["engine"] for n in (1, 2, 3)] == ["containerd", "containerd", "docker"]
    assert "server-3-docker-images" not in graph.resources, "the node's own images are in Docker's store already"


def test_a_node_on_cri_o_has_no_containerd_and_pulls_its_images(build: Any) -> None:
    graph = build(["server-1"], ["server-2"], runtime="cri-o", runtimes={"server-1": "containerd"})
    programs = set(graph["server-2-binaries"].inputs["names"])
    assert programs >= {"crio", "conmon", "pinns", "runc", "kubelet"}
    assert not programs & {"containerd", "ctr"}
    assert graph["server-2-runtime"].inputs["engine"] == "cri-o"
    assert "server-2-images" not in graph.resources
    assert graph["server-2-node"].inputs["engine"] == "cri-o"
    assert "ctr" in graph["server-1-binaries"].inputs["names"]
