"""What reaches a machine over SSH: words for programs, files of the agent, names for the resolver, rules for nft."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import strategies as st
from pydantic import ValidationError

from bareplane.specs import ClusterSettings, HostSettingsSpec
from bareplane_agent.errors import RequestError
from bareplane_agent.fields import Fields, check_path
from bareplane_agent.items.unit import Unit
from bareplane_node.network import masquerade
from bareplane_provider.errors import InputError
from bareplane_provider.kinds.items import file, line
from bareplane_provider.transport.command import command_line
from bareplane_provider.transport.session import Session
from tests.provider.injection.arriving import all_arrive_or_are_refused
from tests.unit.injection.boundary import in_place, through

OWNER, ENTRY = "project/stack/injection", "server/injection"
HOME = "/var/lib/injected"
FILES = st.text("abc %$'\"\\;*?é😀", min_size=1, max_size=12)
NAMES = st.from_regex(r"[a-z]{3}[a-z0-9]{0,4}(\.[a-z0-9]{1,5}){0,2}\.lab", fullmatch=True)
NETWORKS = st.builds(lambda a, n: f"{a}/{n}", st.ip_addresses(v=4), st.integers(8, 29))
UNITS = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.:@%+-]{0,8}\.service", fullmatch=True)


def program_words(session: Session, strings: Sequence[str]) -> Sequence[str | None]:
    """Words of a command, as the program on the machine gets them from sshd and the login shell."""
    passed = through(lambda one: command_line(["true", one], sudo=True), strings, InputError)
    done = session.run(["printf", "%s\\0", *passed])
    assert done.status == 0, done.stderr
    return in_place(strings, passed, [one.decode() for one in done.stdout.split(b"\0")[:-1]])


def standard_input(session: Session, strings: Sequence[str]) -> Sequence[str | None]:
    """What a program is given to read."""
    sent = "\0".join(one.replace("\0", "0") for one in strings)
    came = session.run(["cat"], stdin=sent.encode()).stdout.decode().split("\0")
    return [one if one.replace("\0", "0") == got else got for one, got in zip(strings, came, strict=True)]


def agent_files(session: Session, strings: Sequence[str]) -> Sequence[str | None]:
    """Names and contents of files that the agent writes, found again by a program that is not ours."""
    passed = through(lambda one: check_path(f"{HOME}/{one}", "path"), strings, RequestError)
    passed = [one for one in passed if "/" not in one and len(one.encode()) <= 200]
    items = [file(f"{HOME}/{one}", one) for one in passed]
    request = {"entry": ENTRY, "owner": OWNER, "deadline": 60}
    session.agent({"operation": "apply", "items": items, **request})
    try:
        found = session.run(["find", HOME, "-type", "f", "-printf", "%f\\0"]).stdout.decode().split("\0")[:-1]
        assert sorted(found) == sorted(passed)
        sums = session.run(["sh", "-c", f"cd {HOME} && sha256sum -z ./*"]).stdout.decode().split("\0")[:-1]
    finally:
        session.agent({"operation": "remove", **request})
    wanted = {hashlib.sha256(one.encode()).hexdigest(): one for one in passed}
    came = {entry[68:]: wanted.get(entry[:64], "(other content)") for entry in sums}
    return in_place(strings, passed, [came.get(one, one if one.startswith(".") else "(lost)") for one in passed])


def host_names(session: Session, strings: Sequence[str]) -> Sequence[str | None]:
    """Endpoints in /etc/hosts, as the machine's resolver finds them."""

    def spec(one: str) -> HostSettingsSpec:
        connection = {"name": "s", "address": "10.0.0.1", "agent": True, "trustOnFirstUse": True}
        wire = {"connection": connection, "owner": OWNER, "endpoint": one, "endpointAddresses": ["10.1.2.3"]}
        return HostSettingsSpec.from_wire(wire)

    passed = through(spec, strings, ValidationError)
    known = [one for one in passed if one.endswith(".lab")]
    items = [line("/etc/hosts", f"{address} {spec(one).endpoint}") for one in known for address in ["10.1.2.3"]]
    request = {"entry": ENTRY, "owner": OWNER, "deadline": 60}
    before = session.run(["cat", "/etc/hosts"]).stdout
    session.agent({"operation": "apply", "items": items, **request})
    try:
        shown = session.run(["getent", "-s", "files", "hosts", *known]).stdout.decode() if known else ""
        everything = session.run(["getent", "-s", "files", "hosts"]).stdout.decode()
    finally:
        session.agent({"operation": "remove", **request})
    assert session.run(["cat", "/etc/hosts"]).stdout == before
    assert sum("10.1.2.3" in one for one in everything.splitlines()) == len(known)
    lines = [one.split() for one in shown.splitlines()]
    assert all(address == "10.1.2.3" for address, *_ in lines)
    refused = [one for one in strings if one not in known]
    return [None if one in refused else lines[known.index(one)][1] for one in strings]


def networks(session: Session, strings: Sequence[str]) -> Sequence[str | None]:
    """Pod networks in nft's rules, as the kernel gives them back; in a network namespace of their own."""

    def settings(one: str) -> str:
        given = {"version": "1.36.3", "endpoint": "e", "endpointAddresses": [], "serviceSubnet": "255.0.0.0/30"}
        return ClusterSettings.from_wire({**given, "podSubnet": one, "nodeMask": 30}).pod_subnet

    passed = through(settings, strings, ValidationError)
    # nft writes a single host without its length.
    passed = [one for one in passed if "/" in one and not one.endswith("/32")]
    script = "".join(masquerade(f"t{place}", "10.0.0.0/24", settings(one)) for place, one in enumerate(passed))
    shown = session.run(["unshare", "-n", "sh", "-c", "nft -f - && nft -j list ruleset"], stdin=script.encode())
    assert shown.status == 0, shown.stderr
    came = [other_network(one["rule"]["expr"]) for one in json.loads(shown.stdout)["nftables"] if "rule" in one]
    same = [one if settings(one) == got else got for one, got in zip(passed, came, strict=True)]
    return in_place(strings, passed, same)


def other_network(expressions: list[dict[str, Any]]) -> str:
    prefix = expressions[1]["match"]["right"]["prefix"]
    return f"{prefix['addr']}/{prefix['len']}"


def unit_names(session: Session, strings: Sequence[str]) -> Sequence[str | None]:
    """Names of units, as systemd takes them from a command line."""
    passed = through(lambda one: Unit.parse(Fields({"name": one}, "item")), strings, RequestError)
    items = [{"type": "unit", "name": one} for one in dict.fromkeys(passed)]
    answer = session.agent({"operation": "observe", "items": items, "deadline": 60})
    assert set(answer["facts"]) == {f"unit {one}" for one in passed}
    shown = session.run(["systemctl", "show", "-p", "Id", "--value", "--", *passed]).stdout.decode() if passed else ""
    return in_place(strings, passed, [one for one in shown.splitlines() if one])


@pytest.mark.parametrize(
    ("boundary", "carry", "more", "fast"),
    [
        ("words of a program over SSH", program_words, st.nothing(), 8),
        ("standard input over SSH", standard_input, st.nothing(), 6),
        ("files of the agent: names and contents", agent_files, FILES, 4),
        ("names in /etc/hosts", host_names, NAMES, 4),
        ("networks in nft's rules", networks, NETWORKS, 4),
        ("names of units on command lines", unit_names, UNITS, 4),
    ],
)
def test_texts_reach_the_machine(
    boundary: str, carry: Callable[..., Any], more: st.SearchStrategy[str], fast: int, session: Session
) -> None:
    all_arrive_or_are_refused(boundary, carry, more, fast, session)


def test_the_agents_contents_are_bytes(session: Session) -> None:
    """Every byte there is, which no text holds."""
    content = bytes(range(256)) * 3
    item = {**file(f"{HOME}/bytes", b""), "content": base64.b64encode(content).decode()}
    request = {"entry": ENTRY, "owner": OWNER, "deadline": 60}
    session.agent({"operation": "apply", "items": [item], **request})
    try:
        assert session.run(["cat", f"{HOME}/bytes"]).stdout == content
    finally:
        session.agent({"operation": "remove", **request})
