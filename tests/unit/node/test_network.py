"""What the routes daemon wants, and what it does when one thing fails."""

from __future__ import annotations

import ast
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from bareplane_node import network, routes


def node(name: str, cidr: Any, *addresses: tuple[str, str]) -> dict[str, Any]:
    given = [{"type": kind, "address": address} for kind, address in addresses]
    return {"metadata": {"name": name}, "spec": {"podCIDR": cidr}, "status": {"addresses": given}}


ONE = node("one", "10.244.0.0/24", ("Hostname", "one"), ("InternalIP", "10.0.0.1"))
TWO = node("two", "10.244.1.0/24", ("InternalIP", "fd00::2"), ("InternalIP", "10.0.0.2"))


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        (TWO, {"10.244.1.0/24": "10.0.0.2"}),
        (node("two", None, ("InternalIP", "10.0.0.2")), {}),
        (node("two", "fd00::/64", ("InternalIP", "10.0.0.2")), {}),
        (node("two", "10.244.1.0/24; rm", ("InternalIP", "10.0.0.2")), {}),
        (node("two", "10.244.1.0/24"), {}),
        (node("two", "10.244.1.0/24", ("ExternalIP", "198.51.100.2")), {}),
        (node("two", "10.244.1.0/24", ("InternalIP", "dev lo")), {}),
        ({"metadata": {"name": "two"}}, {}),
    ],
)
def test_routes_lead_to_every_other_node_that_has_a_cidr_and_an_address(other: Any, expected: Any) -> None:
    assert network.wanted_routes([ONE, other], "one") == expected


def test_no_route_leads_to_the_node_itself() -> None:
    assert network.wanted_routes([ONE, TWO], "two") == {"10.244.0.0/24": "10.0.0.1"}


def test_own_cidr_is_that_of_the_named_node() -> None:
    assert network.own_cidr([ONE, TWO], "two") == "10.244.1.0/24"
    assert network.own_cidr([ONE, TWO], "three") is None


def test_pods_get_addresses_of_their_nodes_cidr() -> None:
    plugins = json.loads(network.network_list("cni0", "10.244.1.0/24"))["plugins"]
    assert plugins[0]["bridge"] == "cni0"
    assert plugins[0]["ipam"]["ranges"] == [[{"subnet": "10.244.1.0/24"}]]
    assert plugins[0]["ipMasq"] is False


def test_only_what_leaves_the_pod_network_is_masqueraded() -> None:
    text = network.masquerade("bareplane", "10.244.1.0/24", "10.244.0.0/16")
    assert "ip saddr 10.244.1.0/24 ip daddr != 10.244.0.0/16" in text


class Host:
    """`ip` and `nft`, recorded; fails for commands that contain `broken`."""

    def __init__(self, shown: list[dict[str, str]], broken: str = "-") -> None:
        self.shown, self.broken, self.ran = shown, broken, list[str]()

    def call(self, argv: list[str], stdin: str = "") -> str:
        text = " ".join(argv)
        if self.broken in text:
            raise subprocess.CalledProcessError(2, argv, stderr="Nexthop has invalid gateway.")
        if "show" in argv:
            return json.dumps(self.shown)
        self.ran.append(text)
        return ""


def test_only_routes_that_differ_are_touched(monkeypatch: pytest.MonkeyPatch) -> None:
    host = Host([{"dst": "10.244.1.0/24", "gateway": "10.0.0.2"}, {"dst": "10.244.9.0/24", "gateway": "10.0.0.9"}])
    host.broken = "nothing"
    monkeypatch.setattr(routes, "call", host.call)
    assert routes.set_routes(177, {"10.244.1.0/24": "10.0.0.2", "10.244.3.0/24": "10.0.0.3"}) == []
    assert host.ran == [
        "ip -4 route del 10.244.9.0/24 proto 177",
        "ip -4 route replace 10.244.3.0/24 via 10.0.0.3 proto 177",
    ]


def test_a_node_that_cannot_be_reached_keeps_no_other_from_its_pods(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    host = Host([], broken="10.0.0.2")
    monkeypatch.setattr(routes, "call", host.call)
    config = {
        "protocol": 177,
        "table": "bareplane",
        "podSubnet": "10.244.0.0/16",
        "bridge": "cni0",
        "network": str(tmp_path / "net.conflist"),
    }
    wanted = {"10.244.1.0/24": "10.0.0.2", "10.244.3.0/24": "10.0.0.3"}
    failures = routes.reconcile(config, "10.244.0.0/24", wanted)
    assert len(failures) == 1
    assert "10.0.0.2" in failures[0]
    assert "invalid gateway" in failures[0]
    assert any("10.0.0.3" in one for one in host.ran)
    assert (tmp_path / "net.conflist").exists()


def test_the_network_file_is_written_only_when_it_differs(tmp_path: Path) -> None:
    path = tmp_path / "net"
    routes.write(str(path), "one")
    before = path.stat().st_ino
    routes.write(str(path), "one")
    assert path.stat().st_ino == before
    routes.write(str(path), "two")
    assert path.read_text() == "two"


@pytest.mark.parametrize("package", ["bareplane_node", "bareplane_agent"])
def test_every_module_is_python_3_9(package: str) -> None:
    root = Path(__file__).parents[3] / "agent" / package
    for path in root.rglob("*.py"):
        tree = ast.parse(path.read_text(), str(path), feature_version=(3, 9))
        future = any(isinstance(one, ast.ImportFrom) and one.module == "__future__" for one in tree.body)
        matched = [one for one in ast.walk(tree) if isinstance(one, ast.Match)]
        assert not matched, path
        assert future or "|" not in path.read_text(), f"{path}: unions in annotations need the future import"


def test_addresses_of_a_cidr_the_node_had_before_are_found() -> None:
    links = [{"ifname": "cni0", "addr_info": [{"local": "10.244.1.1", "prefixlen": 24}]}, {"ifname": "x"}]
    assert network.outside(links, "10.244.4.0/24") == ["10.244.1.1/24"]
    assert network.outside(links, "10.244.1.0/24") == []
