"""Apps on Docker hosts: what pulumi-docker is told."""

from __future__ import annotations

import json
from typing import Any

import pulumi
import pytest

from bareplane import App, AppArgs, AppConfig, Cluster, ClusterArgs, ClusterConfig, ContainerHost, ContainerHostArgs
from tests.unit.components.conftest import SIGNATURE, Graph, connection, plain, run

HELLO = {"name": "hello", "image": "bareplane.dev/hello:1", "placement": "container"}
HOSTS = ("server-2", "server-3")


def apps(*given: dict[str, Any], engines: dict[str, Any] | None = None) -> Graph:
    """A cluster of server-1, and two hosts beside it, with Docker unless `engines` says otherwise."""
    servers = {f"server-{n}": connection(f"server-{n}", n) for n in range(1, 4)}
    config = ClusterConfig.from_wire({"endpoint": "cluster.lab", "controlPlane": {"nodes": ["server-1"]}})

    def program() -> dict[str, pulumi.Output[Any]]:
        cluster = Cluster("bareplane", ClusterArgs(config=config, servers=servers))
        hosts = {
            name: ContainerHost(
                f"{name}-host",
                ContainerHostArgs(
                    connection=servers[name], owner=cluster.owner.owner, engine=(engines or {}).get(name, "docker")
                ),
            )
            for name in HOSTS
        }
        made = [App(one["name"], AppArgs(AppConfig.from_wire(one), cluster, hosts)) for one in given]
        return {f"{one['name']}-{key}": app.report[key] for one, app in zip(given, made, strict=True) for key in KEYS}

    return run(program)


KEYS = ("state", "addresses")


def container(graph: Graph, server: str = "server-2") -> dict[str, Any]:
    return plain(dict(graph[f"hello-{server}-container"].inputs))


def test_a_replica_is_an_image_a_network_and_a_container_on_a_host_of_its_own() -> None:
    graph = apps({**HELLO, "replicas": 2})
    for server in HOSTS:
        of = {name: one.kind for name, one in graph.resources.items() if one.provider == f"{server}-docker-provider"}
        assert of == {
            f"{server}-bareplane.dev/hello:1": "RemoteImage",
            f"hello-{server}-network": "Network",
            f"hello-{server}-container": "Container",
        }
        assert container(graph, server)["image"] == "sha256:0"
        assert container(graph, server)["networksAdvanced"] == [{"name": "bareplane-hello", "aliases": ["hello"]}]
        assert f"NODE_NAME={server}" in container(graph, server)["envs"]
    assert graph.exports["hello-state"] == ("running", False)
    assert sorted(graph.exports["hello-addresses"][0]) == ["10.0.0.2:8080", "10.0.0.3:8080"]


def test_the_provider_waits_for_the_engine_and_knows_the_way_there() -> None:
    graph = apps({**HELLO, "replicas": 2})
    provider = graph["server-2-docker-provider"]
    assert provider.inputs["host"] == "ssh://root@10.0.0.2:22"
    assert {"server-2-docker"} <= graph.before("server-2-docker-provider")
    options = json.loads(provider.inputs["sshOpts"])
    assert options[-3:] == ["-i", "/nowhere/key", "-oIdentitiesOnly=yes"]
    # What would come from the environment of whoever runs pulumi.
    assert {provider.inputs[one] for one in ("context", "certPath", "caMaterial", "certMaterial", "keyMaterial")} == {
        ""
    }


def test_the_apps_of_a_host_share_its_provider_and_their_image() -> None:
    graph = apps(
        {**HELLO, "servers": ["server-2"]},
        {**HELLO, "name": "other", "port": 8081, "servers": ["server-2"]},
    )
    kinds = graph.kinds()
    assert kinds["docker"] == ["server-2-docker-provider"]
    assert kinds["RemoteImage"] == ["server-2-bareplane.dev/hello:1"]
    assert len(kinds["Container"]) == 2


@pytest.mark.parametrize(("image", "kept"), [("bareplane.dev/hello:1", True), ("registry.example/app:2", False)])
def test_an_image_that_came_by_other_ways_is_not_removed_with_the_app(image: str, kept: bool) -> None:
    graph = apps({**HELLO, "image": image, "servers": ["server-2"]})
    assert graph[f"server-2-{image}"].inputs["keepLocally"] is kept


def test_an_environment_with_a_secret_is_secret_throughout() -> None:
    graph = apps({**HELLO, "servers": ["server-2"], "environment": {"A": "1"}, "secretEnvironment": {"B": "hush"}})
    made = graph["hello-server-2-container"]
    assert SIGNATURE in made.inputs["envs"]
    assert made.secret_outputs == {"envs"}
    assert container(graph)["envs"] == ["A=1", "B=hush", "NODE_NAME=server-2", "PORT=8080"]
    for name, one in graph.resources.items():
        clear = {key: value for key, value in one.inputs.items() if key != "envs"}
        assert "hush" not in json.dumps(clear), name


def test_an_environment_without_secrets_is_readable() -> None:
    made = apps({**HELLO, "servers": ["server-2"], "environment": {"A": "1"}})["hello-server-2-container"]
    assert made.inputs["envs"] == ["A=1", "NODE_NAME=server-2", "PORT=8080"]
    assert made.secret_outputs == frozenset()


def test_the_volume_hangs_on_nothing_that_an_update_changes() -> None:
    volume = {"volume": {"path": "/data"}, "servers": ["server-2"]}
    before = apps({**HELLO, **volume, "environment": {"A": "1"}})
    after = apps(
        {**HELLO, **volume, "environment": {"A": "2"}, "command": ["/hello"], "image": "registry.example/app:2"}
    )
    assert before["hello-server-2-volume"] == after["hello-server-2-volume"]
    assert container(after)["mounts"] == [{"type": "volume", "source": "bareplane-hello", "target": "/data"}]
    assert container(after)["entrypoints"] == ["/hello"]
    assert "hello-server-2-volume" in before.before("hello-server-2-container")


def test_our_own_image_writes_its_volume_as_root_without_capabilities() -> None:
    ours = container(apps({**HELLO, "volume": {"path": "/data"}, "servers": ["server-2"]}))
    assert (ours["user"], ours["capabilities"]) == ("0:0", {"drops": ["ALL"]})
    others = {**HELLO, "image": "registry.example/app:2", "volume": {"path": "/data"}, "servers": ["server-2"]}
    assert "user" not in container(apps(others))
    assert "user" not in container(apps({**HELLO, "servers": ["server-2"]}))


def test_limits_are_in_dockers_units_and_swap_is_left_to_the_host() -> None:
    made = container(apps({**HELLO, "servers": ["server-2"], "limits": {"cpu": "1500m", "memory": "100M"}}))
    assert (made["cpuPeriod"], made["cpuQuota"], made["memory"], made["memorySwap"]) == (100_000, 150_000, 96, -1)
    assert not {"cpuPeriod", "cpuQuota", "memory", "memorySwap"} & set(
        container(apps({**HELLO, "servers": ["server-2"]}))
    )
    least = container(apps({**HELLO, "servers": ["server-2"], "limits": {"cpu": "1m", "memory": "4Mi"}}))
    assert (least["cpuQuota"], least["memory"]) == (1000, 6)


@pytest.mark.parametrize(("seconds", "text"), [(10, "10s"), (60, "1m0s"), (90, "1m30s"), (3600, "1h0m0s")])
def test_a_health_check_is_waited_for_and_spelt_as_it_is_read_back(seconds: int, text: str) -> None:
    check = {"healthCheck": {"path": "/healthz", "periodSeconds": seconds}, "servers": ["server-2"]}
    graph = apps({**HELLO, **check})
    made = container(graph)
    assert made["healthcheck"]["tests"] == ["CMD", "/hello", "get", "http://127.0.0.1:8080/healthz"]
    assert made["healthcheck"]["interval"] == text
    assert made["wait"] is True
    # The plugin takes note of a changed one, and does nothing.
    assert "healthcheck" in graph["hello-server-2-container"].replaced_by
    other = container(apps({**HELLO, **check, "image": "registry.example/app:2"}))
    assert other["healthcheck"]["tests"][:3] == ["CMD", "/bin/sh", "-c"]
    assert other["healthcheck"]["tests"][-1] == "http://127.0.0.1:8080/healthz"
    assert container(apps({**HELLO, "servers": ["server-2"]}))["wait"] is False


def test_a_host_with_containerd_runs_the_same_app_without_docker() -> None:
    graph = apps({**HELLO, "replicas": 2}, engines={"server-3": "containerd"})
    assert graph["hello-server-2-container"].kind == "Container"
    assert graph["hello-server-3-container"].kind == "AppContainer"
    assert graph.kinds()["docker"] == ["server-2-docker-provider"]


def test_without_an_app_on_it_a_docker_host_needs_no_plugin() -> None:
    assert "docker" not in apps().kinds()
