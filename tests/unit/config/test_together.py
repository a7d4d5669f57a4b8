"""Everything that can be known is told in one go, whatever else is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bareplane.config import AppConfig, ConfigError, read_config
from bareplane.config.reading import parse_config
from tests.unit.config.test_config import GOOD, changed, problems, server


def test_what_does_not_fit_is_told_beside_what_is_wrong_in_itself() -> None:
    told = problems(
        {
            "cluster.port": 70000,
            "cluster.network.nodeMaks": 24,
            "cluster.network.podSubnet": "10.96.0.0/16",
            "cluster.controlPlane.nodes": ["server-1", "sever-2", "server-9"],
            "cluster.controlPlane.form": "magic",
            "cluster.workers": ["server-1", "server-3"],
            "servers.2.adress": "10.0.0.1",
            "servers.2.hostKey": GOOD["servers"][0]["hostKey"],
            "cluster.network.plugin": "manifests",
            "cluster.network.manifests": ["absent.yaml"],
            "apps": [
                {"name": "a", "image": "x", "nodePort": 30001},
                {"name": "b", "image": "x", "port": 8081, "nodePort": 30001},
            ],
            "modle": "traditional",
        }
    )
    for words in (
        ("cluster.port", "70000", "at most 65535"),
        ("cluster.network.nodeMaks", "did you mean 'nodeMask'"),
        ("cluster.network.serviceSubnet", "overlaps podSubnet"),
        ("cluster.controlPlane.nodes", "'sever-2'", "did you mean 'server-2'"),
        ("cluster.controlPlane.nodes", "'server-9'"),
        ("cluster.controlPlane.form", "'magic'"),
        ("cluster.workers", "'server-1'", "controlPlane.nodes too"),
        ("servers.server-3.adress", "did you mean 'address'"),
        ("servers.server-3.hostKey", "servers.server-1 has the same"),
        ("absent.yaml", "cannot be read"),
        ("nodePort 30001", "more than one app"),
        ("modle", "did you mean 'model'"),
    ):
        assert [line for line in told if all(word in line for word in words)], (words, told)
    assert len(told) == 12, told


def test_what_stands_below_a_misspelt_key_is_checked_too() -> None:
    document: dict[str, Any] = {**GOOD, "clutser": {**GOOD["cluster"], "port": 0}}
    del document["cluster"]
    with pytest.raises(ConfigError) as caught:
        parse_config(document, Path("/nowhere"))
    assert len(caught.value.problems) == 2
    assert "did you mean 'cluster'" in caught.value.problems[0]
    assert caught.value.problems[1].startswith("cluster.port: 0")


def test_without_an_inventory_no_server_is_called_unknown(tmp_path: Path) -> None:
    document: dict[str, Any] = {**GOOD, "servers": [], "inventory": "absent.yaml"}
    with pytest.raises(ConfigError) as caught:
        parse_config(document, tmp_path)
    assert len(caught.value.problems) == 1


def test_servers_of_an_inventory_are_named_by_it(tmp_path: Path) -> None:
    (tmp_path / "inv.yaml").write_text("servers:\n- {name: server-1, port: 0}\n- {address: x, prot: 1}\n")
    with pytest.raises(ConfigError) as caught:
        parse_config({**GOOD, "inventory": "inv.yaml"}, tmp_path)
    told = "\n".join(caught.value.problems)
    for words in (
        "inv.yaml: servers.server-1.port: 0: must be at least 1",
        "inv.yaml: servers.server-1.address: is required",
        "inv.yaml: servers.1.prot: there is no such key; did you mean 'port'?",
        "inv.yaml: servers.1.name: is required",
        "'server-1' is given to more than one server",
    ):
        assert words in told


def test_keys_with_nearly_the_projects_prefix_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(
        "PULUMI_CONFIG",
        '{"bareplane-stack:model": "traditional", "aws:region": "x", "bareplane:cluster": "{}"}',
    )
    with pytest.raises(ConfigError) as caught:
        read_config("bareplane-stacks", Path("/nowhere"))
    told = caught.value.problems
    assert "bareplane-stack:model: nothing reads this key; did you mean 'bareplane-stacks:model'?" in told
    assert any(line.startswith("bareplane:cluster:") for line in told)
    assert not any("aws" in line for line in told)


def test_a_secret_value_is_not_shown() -> None:
    document = changed({"apps": [{"name": "a", "image": "x", "environment": {"PASSWORD": 12345678}}]})
    with pytest.raises(ConfigError) as caught:
        parse_config(document, Path("/nowhere"), secret={"apps"})
    assert "12345678" not in str(caught.value)
    assert "apps.0.environment.PASSWORD: must be text" in str(caught.value)


@pytest.mark.parametrize("key", ["environment", "secretEnvironment"])
def test_whatever_was_set_secret_ends_up_in_the_secret_environment(key: str) -> None:
    document = changed({"apps": [{"name": "a", "image": "x", key: {"WORD": "w"}}]})
    app = parse_config(document, Path("/nowhere"), secret={"apps"}).apps[0]
    assert (app.environment, app.secret_environment) == ({}, {"WORD": "w"})


def test_no_value_of_a_secret_environment_is_shown() -> None:
    told = problems({"apps.0.secretEnvironment": {"A_WORD": "hush\0"}, "apps.0.environment": {"A_WORD": "x"}})
    assert [one for one in told if one.startswith("apps.0.secretEnvironment.A_WORD: holds a control character")]
    assert "hush" not in str(told)
    told = problems({"apps.0.secretEnvironment": {"A": "hush"}, "apps.0.environment": {"A": "x"}})
    assert told == ["apps.0.secretEnvironment: A stands in environment too; take it out of one of them"]


@pytest.mark.parametrize(("model", "placement"), [("traditional", "process"), ("containerization", "container")])
def test_the_model_places_what_says_nothing(model: str, placement: str) -> None:
    assert parse_config(changed({"model": model}), Path("/nowhere")).apps[0].placement == placement
    asked = changed({"model": model, "apps.0.placement": "deployment"})
    assert parse_config(asked, Path("/nowhere")).apps[0].placement == "deployment"


def test_apps_on_one_server_need_ports_of_their_own() -> None:
    pair = [{"name": "a", "image": "x", "servers": ["server-2"]}, {"name": "b", "command": ["y"], "replicas": 2}]
    assert problems({"apps": pair}) == [
        "apps.1.port: 8080: a has it on server-2 too; give one of them another port, or other servers"
    ]
    for change in ({"port": 8081}, {"servers": ["server-3", "server-1"]}, {"placement": "deployment", "image": "y"}):
        parse_config(changed({"apps": [pair[0], {**pair[1], **change}]}), Path("/nowhere"))


@pytest.mark.parametrize("placement", ["process", "container"])
def test_an_app_with_a_volume_names_its_servers(placement: str) -> None:
    app = {"name": "a", "image": "x", "placement": placement, "volume": {"path": "/data"}}
    assert [one.partition(": ")[0] for one in problems({"apps": [app]})] == ["apps.0.servers"]
    parse_config(changed({"apps": [{**app, "servers": ["server-2"]}]}), Path("/nowhere"))
    parse_config(changed({"apps": [{**app, "placement": "deployment"}]}), Path("/nowhere"))


@pytest.mark.parametrize("port", [10250, 6443, 2379])
def test_a_nodes_own_ports_are_no_apps(port: int) -> None:
    app = {"name": "a", "image": "x", "placement": "process", "port": port, "servers": ["server-2"]}
    assert problems({"apps": [app]}) == [f"apps.0.port: {port}: is a port of Kubernetes' own there; take another"]


def test_cri_o_runs_no_containers_of_apps() -> None:
    app = {"name": "a", "image": "x", "placement": "container", "servers": ["server-2"]}
    told = problems({"apps": [app], "cluster.runtime": "cri-o"})
    assert [one.partition(", ")[0] for one in told] == ["apps.0.servers: server-2 has CRI-O"]


def test_a_node_with_docker_has_the_clusters_list_of_images() -> None:
    told = problems(
        {"cluster.runtime": "docker", "hosts": [{"server": "server-2", "engine": "docker", "images": ["hello"]}]}
    )
    assert [one.partition(" is a node")[0] for one in told] == ["hosts.0.images: 'server-2'"]


def test_the_name_of_the_apis_service_is_no_apps() -> None:
    told = problems({"apps.0.name": "kubernetes"})
    assert told
    assert "is the name of the API's own Service" in told[0]


def test_a_container_takes_no_line_break_and_needs_an_image() -> None:
    app = {"name": "a", "image": "x", "placement": "container", "secretEnvironment": {"A": "x\ny"}}
    assert problems({"apps": [app]}) == [
        "apps.0.secretEnvironment.A: holds a line break, which a container's environment cannot; put it into a file"
    ]
    told = problems({"model": "containerization", "apps": [{"name": "a", "command": ["x"]}]})
    assert told[0].startswith("apps.0.image: is missing, and container")


def test_seats_hang_on_names_alone() -> None:
    one = AppConfig(name="hello", image="x", replicas=2)
    able = [f"server-{number}" for number in range(9)]
    seats = one.seats(able)
    assert len(set(seats)) == 2
    assert one.seats([server for server in reversed(able) if server in seats]) == seats
    assert one.model_copy(update={"replicas": 3}).seats(able)[:2] == seats
    assert {AppConfig(name=f"app-{number}", image="x").seats(able) for number in range(50)} > {("server-1",)}


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("cluster.network.podSubnet", "127.0.0.0/16", "set aside"),
        ("cluster.network.podSubnet", "224.0.0.0/8", "set aside"),
        ("cluster.network.podSubnet", "0.0.0.0/0", "set aside"),
        ("cluster.network.serviceSubnet", "172.16.0.0/29", "between /12 and /28"),
        ("cluster.network.serviceSubnet", "172.0.0.0/8", "between /12 and /28"),
        ("cluster.network", {"podSubnet": "10.0.0.0/12", "nodeMask": 30}, "more than 2^16 shares"),
        ("cluster.network", {"podSubnet": "10.244.0.0/23", "nodeMask": 24}, "2 shares of /24 for 3 nodes"),
        ("servers.1.address", "0.0.0.0", "no machine's address"),
        ("servers.1.address", "239.1.1.1", "no machine's address"),
        ("servers.1.hostKey", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDummy", "damaged or cut short"),
        ("servers.1.jump", server("gate", "192.0.2.1", hostKey=None), "servers.server-2.jump.hostKey: is missing"),
        ("cluster.workers", None, "must be a list"),
        ("cluster.metrics", "perhaps", "must be true or false"),
        ("cluster.loadBalancer", {}, "cluster.loadBalancer.addresses: is required"),
        ("cluster.loadBalancer.addresses", [], "must have at least 1"),
        ("cluster.loadBalancer.addresses", ["10.0.0.200"], "addresses.0: '10.0.0.200': is no range of IPv4 addresses"),
        ("cluster.loadBalancer.addresses", ["fd00::1-fd00::9"], "is no range of IPv4 addresses; write a range like"),
        ("cluster.loadBalancer.addresses", ["10.0.0.1/24"], "is no range of IPv4 addresses"),
        ("cluster.loadBalancer.addresses", ["10.0.0.9-10.0.0.8"], "ends before it begins"),
        ("cluster.loadBalancer.addresses", ["239.0.0.0/28"], "no Service can have these"),
        ("cluster.loadBalancer.addresses", ["10.0.0.64/28", "10.0.0.70-10.0.0.99"], "overlaps '10.0.0.64/28'"),
        ("cluster.loadBalancer.addresses", ["10.244.9.0/28"], "overlaps cluster.network.podSubnet 10.244.0.0/16"),
        ("cluster.loadBalancer.addresses", ["10.95.0.0-10.96.0.0"], "overlaps cluster.network.serviceSubnet"),
        ("cluster.loadBalancer.addresses", ["10.0.0.0/30"], "servers.server-2.address 10.0.0.2 is among them"),
        ("cluster.storage.path", "volumes", "must be the whole path of a directory"),
        ("cluster.storage.path", "/srv/volumes/", "must be the whole path of a directory"),
        ("cluster.storage.path", "/srv/../etc", "must be the whole path of a directory"),
        ("cluster.storage.path", "/etc/volumes", "/etc has other uses; take a directory of its own"),
        ("cluster.storage.path", "/var/lib/kubelet", "/var/lib/kubelet has other uses"),
        ("cluster.storage.path", "/var/lib", "/var/lib has other uses"),
        ("cluster.storage.path", "/", "must be the whole path"),
        ("cluster.storage.reclaimPolicy", "Recycle", "Delete"),
        ("cluster.port", "many", "must be a whole number"),
        ("cluster.port", 1.5, "must be a whole number"),
        ("cluster.endpoint", 5, "must be text; put it in quotes"),
        ("apps.0.environment", {"A": 1}, "apps.0.environment.A: 1: must be text"),
        ("apps.0.replicas", [], "must be a whole number"),
        ("cluster", "traditional", "must hold keys with values"),
    ],
)
def test_further_values_that_cannot_be(path: str, value: Any, words: str) -> None:
    assert words in "\n".join(problems({path: value}))


@pytest.mark.parametrize("path", ["/var/lib/bareplane-volumes", "/srv/volumes", "/data", "/home-of/volumes"])
def test_places_for_volumes(path: str) -> None:
    assert parse_config(changed({"cluster.storage.path": path}), Path("/nowhere")).cluster.storage is not None


def test_addresses_to_give_are_ranges_and_networks() -> None:
    given = ["10.0.0.200-10.0.0.210", "10.0.0.64/28", "10.0.0.99/32"]
    config = parse_config(changed({"cluster.loadBalancer.addresses": given}), Path("/nowhere"))
    assert config.cluster.load_balancer is not None
    assert list(config.cluster.load_balancer.addresses) == given
