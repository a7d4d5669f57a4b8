"""One declaration, and what each placement makes of it."""

from __future__ import annotations

import json
from typing import Any

import pulumi
import pytest

from bareplane import App, AppArgs, AppConfig, Cluster, ClusterArgs, ClusterConfig, ConfigError
from bareplane.app import joined, state
from bareplane.apps.deployment import objects
from tests.unit.components.conftest import SIGNATURE, Graph, connection, run

DECLARED: dict[str, Any] = {
    "name": "hello",
    "image": "bareplane.dev/hello:1",
    "secret_environment": {"WORD": "winterbottom"},
    "volume": {"path": "/data", "size": "5Gi"},
    "health_check": {"path": "/healthz", "period_seconds": 7},
    "limits": {"cpu": "500m", "memory": "64Mi"},
}


def app(**more: Any) -> AppConfig:
    return AppConfig.model_validate({**DECLARED, **more})


def test_a_deployment_has_all_that_is_declared() -> None:
    sealed, claim, deployment, service = objects(app(command=["/hello"]))
    spec = deployment["spec"]
    (container,) = spec["template"]["spec"]["containers"]
    assert (sealed["kind"], claim["kind"], service["spec"]["type"]) == ("Secret", "PersistentVolumeClaim", "ClusterIP")
    assert claim["spec"]["accessModes"] == ["ReadWriteOnce"]
    assert claim["spec"]["resources"]["requests"]["storage"] == "5Gi"
    assert spec["strategy"] == {"type": "Recreate"}
    assert container["command"] == ["/hello"]
    assert container["volumeMounts"] == [{"name": "data", "mountPath": "/data"}]
    assert container["resources"]["limits"] == {"cpu": "500m", "memory": "64Mi"}
    assert container["livenessProbe"]["httpGet"] == {"path": "/healthz", "port": 8080}
    assert container["livenessProbe"]["periodSeconds"] == 7
    assert "winterbottom" not in json.dumps([claim, deployment, service])


def test_what_is_not_declared_is_not_asked_for() -> None:
    deployment, service = objects(AppConfig(name="hello", image="x:1", load_balancer=True))
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    assert "strategy" not in deployment["spec"]
    assert not {"resources", "livenessProbe", "volumeMounts", "command"} & set(container)
    assert service["spec"]["type"] == "LoadBalancer"


def test_a_report_is_that_of_all_replicas() -> None:
    assert [state(one) for one in (["running"], ["inactive"], [], ["running", "failed"])] == [
        "running",
        "inactive",
        "running",
        "1 of 2 running",
    ]
    assert joined([["a"], None, ["b", "c"]]) == ["a", "b", "c"]


def placed(*apps: AppConfig) -> Graph:
    """A cluster of three servers with these apps."""
    servers = {f"server-{number}": connection(f"server-{number}", number) for number in (1, 2, 3)}
    config = ClusterConfig.from_wire(
        {"endpoint": "cluster.lab", "controlPlane": {"nodes": ["server-1"]}, "workers": ["server-2", "server-3"]}
    )

    def program() -> dict[str, pulumi.Output[Any]]:
        cluster = Cluster("bareplane", ClusterArgs(config=config, servers=servers))
        made = [App(one.name, AppArgs(config=one, cluster=cluster)) for one in apps]
        return {one.report["placement"]: one.report["log"] for one in made}

    return run(program)


def test_each_placement_is_its_own_kind_and_keeps_the_secrets() -> None:
    made = placed(
        app(name="one", placement="process", servers=["server-3"]),
        app(name="two", placement="container", replicas=2, port=8081),
        app(name="three", placement="deployment", replicas=3),
    )
    kinds = made.kinds()
    assert kinds["AppProcess"] == ["one-server-3-process"]
    assert kinds["AppContainer"] == ["two-server-2-container", "two-server-3-container"]
    assert kinds["AppDeployment"] == ["three-manifest"]
    for name in ("one-server-3-process", "two-server-2-container"):
        assert SIGNATURE in made[name].inputs["secretEnvironment"]["WORD"]
    assert "server-3-machine" in made.before("one-server-3-process")
    assert "server-2-runtime" in made.before("two-server-2-container")
    assert "server-3-membership" in made.before("three-manifest")
    assert {name: secret for name, (_, secret) in made.exports.items()} == {
        "process": True,
        "container": True,
        "deployment": True,
    }


def test_servers_that_are_not_there_or_too_few_are_refused() -> None:
    for more, words in (({"servers": ["server-9"]}, "'server-9'"), ({"replicas": 3}, "3 replicas for 2 servers")):
        with pytest.raises(ConfigError, match=words):
            placed(app(placement="process", **more))
