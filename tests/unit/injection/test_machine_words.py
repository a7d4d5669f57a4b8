"""What the agent takes as names and paths: nothing it accepts leads anywhere else."""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Sequence
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bareplane.specs import ClusterSettings, EtcdMemberSpec
from bareplane_agent import fields, packages
from bareplane_agent.errors import RequestError
from bareplane_agent.fields import Fields
from bareplane_agent.host import Host
from bareplane_agent.items import sysctl
from bareplane_agent.items.base import Item
from bareplane_agent.items.file import File
from bareplane_agent.items.sysctl import Sysctl
from bareplane_agent.ledger import Ledger
from bareplane_agent.request import parse_request
from bareplane_node.network import pod_cidr
from bareplane_provider.kinds.etcd_member import genesis
from tests.unit.injection.boundary import REFUSED, Carry, arrives_or_is_refused, in_place, through
from tests.unit.injection.hostile import batches, trips

OWNER = "project/stack/1"
PATHS = st.from_regex(r"(/[a-z.%$ '\"-]{1,8}){1,3}", fullmatch=True)
ENTRIES = st.from_regex(fields.NAME.replace("+-", "") + r"(/[a-z.%]{1,9})?", fullmatch=True)
KEYS = st.from_regex(r"[a-z]{1,5}([./][a-z.@-]{1,6}){0,3}", fullmatch=True)
ADDRESSES = st.ip_addresses(v=4).map(str)
NETWORKS = st.builds(lambda a, n: f"{a}/{n}", st.ip_addresses(v=4), st.integers(0, 32))


def entry_names(root: Path, strings: Sequence[str]) -> Sequence[str | None]:
    """Names of ledger entries, as the ledger on disk gives them back."""

    def accept(name: str) -> None:
        parse_request({"operation": "remove", "entry": name, "owner": OWNER})

    passed = through(accept, strings, RequestError)
    home = root / str(len(list(root.iterdir())))
    for name in passed:
        Ledger(Host(str(home))).open(name, OWNER).write()
    written = [path for path in home.rglob("*") if path.name == "entry.json"]
    assert all(path.parent.parent == home / "var/lib/bareplane/ledger" for path in written), "an entry stands elsewhere"
    known = {one.name for one in Ledger(Host(str(home))).entries()}
    return [one if one in known else REFUSED if one not in passed else "(lost)" for one in strings]


def file_paths(root: Path, strings: Sequence[str]) -> Sequence[str | None]:
    """Paths of file items, as the kernel resolves them below a root."""
    passed = through(lambda one: File.parse(Fields({"path": one, "content": ""}, "item")), strings, RequestError)
    real = [os.path.realpath(Host(str(root)).path(one)) for one in passed]
    return in_place(strings, passed, [path.removeprefix(str(root)) for path in real])


def kernel_keys(root: Path, strings: Sequence[str]) -> Sequence[str | None]:
    """Names of kernel parameters, as the kernel resolves them below /proc/sys."""
    passed = through(lambda one: Sysctl.parse(Fields({"key": one, "value": "1"}, "item")), strings, RequestError)
    home = f"{root}/proc/sys/"
    real = [os.path.realpath(sysctl.place(one, Host(str(root)))) for one in passed]
    return in_place(strings, passed, [key_of(path, home, one) for path, one in zip(real, passed, strict=True)])


def key_of(path: str, home: str, name: str) -> str:
    inside = path.removeprefix(home) if path.startswith(home) else path
    return inside if "/" in name else inside.replace("/", ".")


def json_words(strings: Sequence[str]) -> Sequence[str | None]:
    """Texts of a request, as the agent reads them from its line."""

    def accept(one: str) -> None:
        parse_request({"operation": "apply", "entry": "a/b", "owner": OWNER, "items": [line(one)]})

    passed = through(accept, strings, RequestError)
    request = {"operation": "apply", "entry": "a/b", "owner": OWNER, "items": [line(one) for one in passed]}
    sent = json.dumps(request, separators=(",", ":")).encode() + b"\n"
    assert sent.count(b"\n") == 1
    items: Sequence[Item] = parse_request(json.loads(sent)).items
    return in_place(strings, passed, [one.record()["line"] for one in items])


def line(text: str) -> dict[str, Any]:
    return {"type": "line", "path": "/etc/hosts", "line": text}


def etcd(**changed: Any) -> EtcdMemberSpec:
    connection = {
        "name": "server-1",
        "address": "10.0.0.1",
        "hostKey": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKkHQH1mxNAvKNFWTfzZmv5Yr2cP7PPvsz9Q7qVXdDyr",
        "agent": True,
    }
    cluster = {"version": "1.36.3", "endpoint": "e", "endpointAddresses": []}
    given = {"connection": connection, "owner": OWNER, "cluster": cluster, "node": "server-1", "token": "t"}
    given["address"] = "10.0.0.1"
    return EtcdMemberSpec.from_wire({**given, "genesis": {"server-1": "10.0.0.1"}, **changed})


def etcd_addresses(strings: Sequence[str]) -> Sequence[str | None]:
    """Addresses of members, in the list of URLs that one of etcd's flags is."""

    def members(one: str) -> dict[str, str]:
        return {"server-1": "10.0.0.1", "server-2": one}

    passed = through(lambda one: etcd(genesis=members(one)), strings, ValidationError)
    came: list[str] = []
    for one in passed:
        first, own = genesis(etcd(genesis=members(one)))["initial-cluster"].split(",")
        assert first == "server-1=https://10.0.0.1:2380"
        came.append(urlsplit(own.partition("=")[2]).hostname or "")
    return in_place(strings, passed, came)


def pod_networks(strings: Sequence[str]) -> Sequence[str | None]:
    """Networks of the cluster's settings."""

    def settings(one: str) -> ClusterSettings:
        given = {"version": "1.36.3", "endpoint": "e", "endpointAddresses": [], "serviceSubnet": "255.0.0.0/30"}
        return ClusterSettings.from_wire({**given, "podSubnet": one, "nodeMask": 30})

    passed = through(settings, strings, ValidationError)
    return in_place(strings, passed, [as_given(one, settings(one).pod_subnet) for one in passed])


def node_networks(strings: Sequence[str]) -> Sequence[str | None]:
    """What a node of the API says its pods' network is."""
    found = [pod_cidr({"spec": {"podCIDR": one}}) for one in strings]
    return [REFUSED if network is None else as_given(one, network) for one, network in zip(strings, found, strict=True)]


def as_given(one: str, network: str) -> str:
    """A network may be written in several ways, and is one and the same."""
    return one if str(IPv4Network(one)) == network else network


@pytest.mark.parametrize(
    ("boundary", "carry", "more"),
    [
        ("paths of files", file_paths, PATHS),
        ("names of ledger entries", entry_names, ENTRIES),
        ("names of kernel parameters", kernel_keys, KEYS),
    ],
)
def test_nothing_leads_out_of_its_place(
    boundary: str, carry: Any, more: st.SearchStrategy[str], tmp_path: Path
) -> None:
    holds_for(boundary, functools.partial(carry, tmp_path), more)


@pytest.mark.parametrize(
    ("boundary", "carry", "more"),
    [
        ("texts of a request", json_words, st.text('\n\t\r"\\', max_size=3)),
        ("addresses in etcd's flags", etcd_addresses, ADDRESSES),
        ("networks of the cluster", pod_networks, NETWORKS),
        ("networks that nodes report", node_networks, NETWORKS),
    ],
)
def test_names_and_texts_arrive_or_are_refused(boundary: str, carry: Carry, more: st.SearchStrategy[str]) -> None:
    holds_for(boundary, carry, more)


def holds_for(boundary: str, carry: Carry, more: st.SearchStrategy[str]) -> None:
    @trips(6)
    @given(batches(more))
    def holds(strings: list[str]) -> None:
        arrives_or_is_refused(boundary, carry, strings)

    holds()


@pytest.mark.parametrize("name", ["vim-", "-vim", "vim -y", "vim*", ""])
def test_a_package_whose_name_tells_apt_something_else_is_refused(name: str) -> None:
    with pytest.raises(RequestError):
        Fields({"name": name}, "item").text("name", packages.NAME)
