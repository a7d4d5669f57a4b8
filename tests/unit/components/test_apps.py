"""One declaration, and what each placement makes of it."""

from __future__ import annotations

import json
from typing import Any

from bareplane import AppConfig
from bareplane.app import joined, state
from bareplane.apps.deployment import objects

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
