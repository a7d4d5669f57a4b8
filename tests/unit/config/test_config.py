"""What a stack's configuration may say, and what is answered when it may not."""

from __future__ import annotations

import base64
import copy
from pathlib import Path
from typing import Any

import pytest

from bareplane.config import ConfigError, StackConfig, network_objects, read_config
from bareplane.config.reading import parse_config, values


def host_key(name: str) -> str:
    """A public key as sshd has it, one for each name."""
    parts = (b"ssh-ed25519", name.encode().ljust(32, b"."))
    blob = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
    return f"ssh-ed25519 {base64.b64encode(blob).decode()}"


def server(name: str, address: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "address": address, "hostKey": host_key(f"{name} {address}"), "agent": True, **more}


GOOD: dict[str, Any] = {
    "model": "traditional",
    "servers": [server("server-1", "10.0.0.1"), server("server-2", "10.0.0.2"), server("server-3", "10.0.0.3")],
    "cluster": {
        "version": "1.36.3",
        "endpoint": "cluster.lab",
        "controlPlane": {"nodes": ["server-1"]},
        "workers": ["server-2", "server-3"],
    },
    "apps": [{"name": "hello", "image": "bareplane.dev/hello:1"}],
}


def changed(changes: dict[str, Any]) -> dict[str, Any]:
    """The good configuration with values set at dotted paths."""
    made = copy.deepcopy(GOOD)
    for path, value in changes.items():
        here: Any = made
        *parents, last = path.split(".")
        for part in parents:
            here = here[int(part)] if isinstance(here, list) else here.setdefault(part, {})
        here[int(last) if isinstance(here, list) else last] = value
    return made


def problems(changes: dict[str, Any]) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        parse_config(changed(changes), Path("/nowhere"))
    assert all(one in str(caught.value) for one in caught.value.problems)
    return list(caught.value.problems)


def test_a_good_configuration_is_read() -> None:
    config = parse_config(GOOD, Path("/nowhere"))
    assert isinstance(config, StackConfig)
    assert config.cluster.control_plane.nodes == ("server-1",)
    assert config.cluster.network.pod_subnet == "10.244.0.0/16"


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("model", "traditionel", ["model", "traditionel", "traditional"]),
        ("cluster.versoin", "1.36.3", ["cluster.versoin", "no such key", "did you mean 'version'"]),
        ("cluster.network.podSubnets", "x", ["cluster.network.podSubnets", "did you mean 'podSubnet'"]),
        ("servers.0.adress", "x", ["servers.server-1.adress", "did you mean 'address'"]),
        ("cluster.zzz", 1, ["cluster.zzz", "known are", "workers"]),
        ("cluster.version", "1.36", ["cluster.version", "'1.36'", "like 1.36.3"]),
        ("cluster.version", 1.36, ["cluster.version", "1.36", "quotes"]),
        ("cluster.version", "v1.36.3", ["cluster.version", "'v1.36.3'", "like 1.36.3"]),
        ("cluster.endpoint", "Cluster Lab", ["cluster.endpoint", "'Cluster Lab'", "DNS name in lower case"]),
        ("cluster.name", "-x", ["cluster.name", "'-x'", "lower-case letters"]),
        ("cluster.port", 0, ["cluster.port", "0", "must be at least 1"]),
        ("cluster.drainSeconds", 0, ["cluster.drainSeconds", "0", "must be at least 1"]),
        ("cluster.runtime", "rkt", ["cluster.runtime", "'rkt'", "containerd"]),
        ("cluster.network.podSubnet", "10.244.0.0", ["cluster.network.nodeMask", "podSubnet 10.244.0.0/32"]),
        (
            "cluster.network.podSubnet",
            "10.244.0.1/16",
            ["cluster.network.podSubnet", "'10.244.0.1/16'", "10.244.0.0/16"],
        ),
        ("cluster.network.podSubnet", "10.100.0.0/16", ["cluster.network.serviceSubnet", "overlaps", "10.100.0.0/16"]),
        ("cluster.network.serviceSubnet", "10.244.8.0/24", ["serviceSubnet", "'10.244.8.0/24'", "overlaps", "choose"]),
        ("cluster.network.nodeMask", 16, ["cluster.network.nodeMask", "16", "larger number"]),
        ("cluster.network.plugin", "manifests", ["cluster.network.manifests", "go together"]),
        ("cluster.network.manifests", ["x.yaml"], ["cluster.network.manifests", "x.yaml", "go together"]),
        ("cluster.controlPlane.nodes", [], ["cluster.controlPlane.nodes", "at least 1"]),
        ("cluster.controlPlane.nodes", ["server-1", "server-2"], ["controlPlane.nodes", "2 members", "1, 3 or 5"]),
        (
            "cluster.controlPlane.nodes",
            ["a", "a", "b"],
            ["cluster.controlPlane.nodes", "a stands there more than once"],
        ),
        ("cluster.workers", ["server-1"], ["cluster.workers", "server-1", "controlPlane.nodes too"]),
        ("cluster.workers", ["server-2", "server-2"], ["cluster.workers", "more than once"]),
        ("cluster.workers", ["server-4"], ["cluster.workers", "no server 'server-4'", "did you mean"]),
        ("cluster.encryptionKeys", ["a", "a"], ["cluster.encryptionKeys", "more than once"]),
        ("servers.1.name", "server-1", ["servers", "'server-1'", "more than one server"]),
        ("servers.1.address", "10.0.0.1", ["servers.server-2.address", "'10.0.0.1'", "give each its own"]),
        ("servers.1", server("server-2", "10.0.0.1", port=23), ["servers.server-1.address", "another node has it too"]),
        ("servers.1.address", "server two", ["servers.server-2.address", "'server two'", "neither an IP address nor"]),
        ("servers.1.address", "host.example", ["servers.server-2.address", "host.example", "IPv4 address"]),
        ("servers.1.address", "10.244.3.4", ["servers.server-2.address", "podSubnet", "another subnet"]),
        ("servers.1.address", "10.96.0.9", ["servers.server-2.address", "serviceSubnet"]),
        ("servers.1.hostKey", "nonsense", ["servers.server-2.hostKey", "nonsense", "<type> <base64>"]),
        ("servers.1.hostKey", None, ["servers.server-2.hostKey: is missing", "ssh-keyscan -t ed25519 10.0.0.2"]),
        ("servers.1.agent", False, ["servers.server-2.identityFile: is missing", "agent: true"]),
        ("servers.1.identityFile", "~/.ssh/id", ["servers.server-2.identityFile", "one of the two"]),
        ("servers.1.user", "Root!", ["servers.server-2.user", "'Root!'", "lower-case letters"]),
        ("servers", "server-1", ["servers", "'server-1'"]),
        ("apps.0.nodePort", 80, ["apps.0.nodePort", "80", "30000"]),
        ("apps", [{"name": "a", "image": "x"}] * 2, ["apps", "'a'", "more than one app"]),
        ("apps.0", {"name": "a"}, ["apps.0.image", "required"]),
        ("cluster", {}, ["cluster.endpoint", "required"]),
        ("cluster.runtimes", {"server-1": "rkt"}, ["cluster.runtimes.server-1", "'rkt'", "docker"]),
        ("cluster.runtimes", {"sever-2": "docker"}, ["cluster.runtimes.sever-2", "no node", "did you mean 'server-2'"]),
        ("hosts", [{"server": "sever-1"}], ["hosts.0.server", "'sever-1'", "did you mean 'server-1'"]),
        ("hosts", [{"server": "server-1"}] * 2, ["hosts", "'server-1'", "more than one host"]),
        ("hosts", [{"server": "server-1", "engine": "dokcer"}], ["hosts.0.engine", "'dokcer'", "docker"]),
        ("hosts", [{"server": "server-1", "engine": "cri-o"}], ["hosts.0.engine", "'cri-o'", "runtime is containerd"]),
        ("hosts", [{"server": "server-1", "images": ["hello"]}], ["hosts.0.images", "engine docker", "leave it out"]),
    ],
)
def test_each_error_names_key_value_and_remedy(path: str, value: Any, words: list[str]) -> None:
    text = "\n".join(problems({path: value}))
    assert [word for word in words if word not in text] == []


def test_all_errors_are_told_at_once() -> None:
    told = problems(
        {
            "cluster.version": "1",
            "cluster.network.nodeMask": 8,
            "cluster.workers": ["server-1"],
            "cluster.controlPlane.form": "magic",
            "apps.0.replicas": -1,
            "servers.2.port": 70000,
        }
    )
    assert {one.split(":")[0] for one in told} >= {
        "cluster.version",
        "cluster.network.nodeMask",
        "cluster.controlPlane.form",
        "apps.0.replicas",
        "servers.server-3.port",
    }


def test_what_does_not_fit_together_is_told_at_once_a_line_each() -> None:
    told = problems(
        {"servers.1.name": "server-1", "cluster.workers": ["server-2", "server-9"], "apps": GOOD["apps"] * 2}
    )
    assert len(told) == 4  # the name, two servers that do not exist, the app


def test_a_message_holds_no_key_material() -> None:
    text = "\n".join(problems({"servers.0.hostKey": None, "servers.0.agent": False}))
    assert "AAAA" not in text


def test_only_the_projects_own_keys_are_read() -> None:
    raw = {
        "demo:model": "traditional",
        "demo:cluster": '{"endpoint": "a.b"}',
        "aws:region": "x",
        "demo:inventory": "{x",
    }
    assert values(raw, "demo") == {"model": "traditional", "cluster": {"endpoint": "a.b"}, "inventory": "{x"}


def test_servers_come_from_the_inventory_and_from_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "inventory.yaml").write_text(
        f"servers:\n- {{name: server-9, address: 10.0.0.9, hostKey: {host_key('9')}, agent: true}}\n"
    )
    config = parse_config({**GOOD, "inventory": "inventory.yaml"}, tmp_path)
    assert [one.name for one in config.servers] == ["server-1", "server-2", "server-3", "server-9"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, ["inventory: 'inv'", "no such file", "make lab"]),
        ("servers: [", ["cannot be read as YAML"]),
        ("- a", ["no list `servers:`"]),
        ("servers: {}", ["no list `servers:`"]),
        ("", ["is empty", "list `servers:`"]),
        ("server: []", ["there is no such key", "did you mean 'servers'"]),
        ("servers:\n- x", ["inv: servers.0", "must hold keys with values"]),
        ("servers: []\nsevers: []", ["severs", "did you mean 'servers'"]),
    ],
)
def test_a_bad_inventory_is_named(tmp_path: Path, content: str | None, words: list[str]) -> None:
    if content is not None:
        (tmp_path / "inv").write_text(content)
    with pytest.raises(ConfigError) as caught:
        parse_config({**GOOD, "inventory": "inv"}, tmp_path)
    assert "inv" in str(caught.value)
    assert all(one in str(caught.value) for one in words)


def test_a_directory_is_no_inventory(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="inventory"):
        parse_config({**GOOD, "inventory": "."}, tmp_path)


def test_the_running_stacks_configuration_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULUMI_CONFIG", '{"demo:model": "traditional"}')
    with pytest.raises(ConfigError, match="cluster: is required"):
        read_config("demo", Path("/nowhere"))


@pytest.mark.parametrize(("content", "words"), [(None, "cannot be read"), ("- 1", "holds no Kubernetes objects")])
def test_a_network_manifest_must_hold_objects(tmp_path: Path, content: str | None, words: str) -> None:
    if content is not None:
        (tmp_path / "net.yaml").write_text(content)
    made = changed({"cluster.network.plugin": "manifests", "cluster.network.manifests": ["net.yaml"]})
    with pytest.raises(ConfigError, match=words):
        network_objects(parse_config(made, tmp_path), tmp_path)


def test_the_objects_of_a_network_manifest_are_read(tmp_path: Path) -> None:
    (tmp_path / "net.yaml").write_text("kind: ConfigMap\n---\n---\nkind: DaemonSet\n")
    made = changed({"cluster.network.plugin": "manifests", "cluster.network.manifests": ["net.yaml"]})
    assert [one["kind"] for one in network_objects(parse_config(made, tmp_path), tmp_path)] == [
        "ConfigMap",
        "DaemonSet",
    ]
