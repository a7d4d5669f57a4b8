"""Every key there is, at every level: misspelt, and with a value of the wrong type. Derived from the models."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bareplane.config import ConfigError, StackConfig
from bareplane.config.reading import parse_config
from bareplane.config.spelling import model_within
from bareplane.specs import Spec
from tests.unit.config.test_config import GOOD, server

FULL: dict[str, Any] = {
    **GOOD,
    "servers": [server("server-1", "10.0.0.1", jump=server("gate", "192.0.2.1")), *GOOD["servers"][1:]],
    "cluster": {
        **GOOD["cluster"],
        "network": {},
        "images": {},
        "loadBalancer": {"addresses": ["10.0.0.200-10.0.0.210"]},
        "storage": {},
    },
    "hosts": [{"server": "server-3", "engine": "docker"}],
    "apps": [
        {
            **GOOD["apps"][0],
            "servers": ["server-2"],
            "volume": {"path": "/data"},
            "healthCheck": {"path": "/"},
            "limits": {},
        }
    ],
}
Key = tuple[str | int, ...]


def keys(model: type[Spec], at: Key = ()) -> Iterator[Key]:
    """Paths of every key; the first of each list stands for the others."""
    for name, field in model.model_fields.items():
        here = (*at, field.alias or name)
        yield here
        within = model_within(field.annotation)
        if within is not None and here.count("jump") < 2:
            yield from keys(within, (*here, 0) if "tuple" in str(field.annotation) else here)


KEYS = [one for one in keys(StackConfig) if one.count("jump") < 2]


def spot(document: Any, key: Key) -> Any:
    """What holds the last part of a key."""
    for part in key[:-1]:
        document = document[part]
    return document


def told(document: dict[str, Any]) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        parse_config(document, Path("/nowhere"))
    return list(caught.value.problems)


def named(key: Key) -> str:
    return ".".join(map(str, key)).replace("servers.0", "servers.server-1").replace("jump.0", "jump")


def test_the_keys_are_all_found() -> None:
    assert len(KEYS) > 45
    assert ("servers", 0, "jump", "hostKey") in KEYS
    assert ("cluster", "network", "nodeMask") in KEYS


def slips(key: Key) -> Iterator[tuple[Key, str]]:
    right = str(key[-1])
    for wrong in {right[:1] + right[2:3] + right[1:2] + right[3:], right + "x", right.lower()} - {right}:
        yield key, wrong


@pytest.mark.parametrize(("key", "wrong"), [slip for key in KEYS for slip in slips(key)])
def test_a_misspelt_key_is_told_with_what_was_meant_and_nothing_else(key: Key, wrong: str) -> None:
    right = str(key[-1])
    document = copy.deepcopy(FULL)
    holder = spot(document, key)
    # Absent keys get a value that would be right, so that the spelling is all that is wrong.
    holder[wrong] = holder.pop(right) if right in holder else VALUES[right]
    at = ".".join(filter(None, (named(key[:-1]), wrong)))
    assert told(document) == [f"{at}: there is no such key; did you mean {right!r}?"]


VALUES: dict[str, Any] = {
    "port": 2200,
    "user": "root",
    "connectWait": 5,
    "trustOnFirstUse": False,
    "jump": server("other", "192.0.2.2"),
    "form": "processes",
    "schedulable": True,
    "name": "some",
    "runtime": "containerd",
    "runtimes": {"server-1": "docker"},
    "images": ["hello"],
    "podSubnet": "10.244.0.0/16",
    "serviceSubnet": "10.96.0.0/12",
    "dnsDomain": "cluster.local",
    "nodeMask": 24,
    "preload": ["pause"],
    "source": "auto",
    "encryptionKeys": ["key-1"],
    "metrics": True,
    "drainSeconds": 10,
    "replicas": 1,
    "nodePort": 30080,
    "loadBalancer": True,
    "environment": {"A": "b"},
    "secretEnvironment": {"B": "c"},
    "command": ["/hello"],
    "volume": {"path": "/data"},
    "healthCheck": {"path": "/"},
    "limits": {"cpu": "1"},
    "placement": "deployment",
    "servers": ["server-2"],
    "size": "1Gi",
    "periodSeconds": 5,
    "cpu": "500m",
    "memory": "256Mi",
    "identityFile": None,
    "inventory": None,
    "plugin": "routes",
    "manifests": [],
    "path": "/srv/volumes",
    "default": False,
    "reclaimPolicy": "Retain",
}


@pytest.mark.parametrize("key", KEYS, ids=named)
@pytest.mark.parametrize("value", [{"x": 1}, [["x"]], object], ids=["mapping", "list", "nonsense"])
def test_a_value_of_the_wrong_type_is_told_under_its_key(key: Key, value: Any) -> None:
    document = copy.deepcopy(FULL)
    spot(document, key)[key[-1]] = 1.5 if value is object else value
    lines = told(document)
    mine = [line for line in lines if line.startswith(named(key))] or [
        # A server whose name is not one is told by its place.
        line
        for line in lines
        if line.startswith("servers.0.name") and key == ("servers", 0, "name")
    ]
    assert mine, lines
    assert not [line for line in lines if "Input should" in line or "pydantic" in line], lines
