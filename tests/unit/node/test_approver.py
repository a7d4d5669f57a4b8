"""The approver, with requests that openssl made."""

from __future__ import annotations

import base64
import subprocess
from pathlib import Path
from typing import Any, cast

import pytest

from bareplane_node import approver
from bareplane_node.api import Api, ApiError

SERVICES = "10.96.0.0/12"
OWN = ["-subj", "/O=system:nodes/CN=system:node:server-2"]


def request_for(directory: Path, san: str | None, *arguments: str, more: str = "") -> bytes:
    """A request of this subject (`-subj …`) and these names, in openssl's own notation."""
    extensions = [f"subjectAltName={san}" if san else "", more]
    config = directory / "openssl.cnf"
    lines = ["[req]", "distinguished_name=dn", "req_extensions=ext", "string_mask=utf8only", "[dn]", "[ext]"]
    config.write_text("\n".join([*lines, *extensions]) + "\n")
    argv = ["openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-batch"]
    argv += ["-keyout", str(directory / "key"), "-config", str(config), *(arguments or OWN)]
    return subprocess.run(argv, check=True, capture_output=True).stdout


def asked(pem: bytes, **changes: Any) -> dict[str, Any]:
    spec = {
        "username": "system:node:server-2",
        "groups": ["system:nodes", "system:authenticated"],
        "usages": ["digital signature", "server auth"],
        "request": base64.b64encode(pem).decode(),
        **changes,
    }
    return {"metadata": {"name": "csr-1", "uid": "u1"}, "spec": spec, "status": {}}


def node(name: str, *addresses: str) -> dict[str, Any]:
    given = [{"type": "Hostname", "address": name}, *({"type": "InternalIP", "address": one} for one in addresses)]
    return {"metadata": {"name": name}, "status": {"addresses": given}}


class Cluster:
    """An API server with nodes; remembers what was approved."""

    def __init__(self, *nodes: dict[str, Any]) -> None:
        self.nodes = list(nodes) or [node("server-1", "10.0.0.1"), node("server-2", "10.0.0.2")]
        self.approved: list[tuple[str, Any]] = []

    def get(self, path: str) -> dict[str, Any]:
        assert path == "/api/v1/nodes"
        return {"items": self.nodes}

    def put(self, path: str, body: Any) -> Any:
        self.approved.append((path, body))
        return body


def objection(request: dict[str, Any], cluster: Cluster | None = None) -> str | None:
    return approver.objection(request, cast("Api", cluster or Cluster()), SERVICES)


@pytest.mark.parametrize("san", ["DNS:server-2,IP:10.0.0.2", "IP:10.0.0.2", "DNS:server-2"])
def test_own_name_and_addresses_are_approved(tmp_path: Path, san: str) -> None:
    assert objection(asked(request_for(tmp_path, san))) is None


@pytest.mark.parametrize(
    ("san", "reason"),
    [
        ("DNS:server-2,DNS:kubernetes.default.svc", "kubernetes.default.svc"),
        ("DNS:server-2,IP:10.0.0.1", "10.0.0.1"),
        ("DNS:server-1", "server-1"),
        ("DNS:*", "asks for"),
        ("DNS:server-2,URI:spiffe://cluster/admin", "name of kind 6"),
        ("DNS:server-2,email:root@server-2", "name of kind 1"),
        ("DNS:server-2,RID:1.2.3.4", "name of kind 8"),
        (None, "asks for []"),
    ],
)
def test_names_of_others_are_refused(tmp_path: Path, san: str | None, reason: str) -> None:
    assert reason in (objection(asked(request_for(tmp_path, san))) or "approved")


@pytest.mark.parametrize(
    ("subject", "reason"),
    [
        ("/O=system:nodes/CN=system:node:server-1", "subject"),
        ("/O=system:masters/CN=system:node:server-2", "subject"),
        ("/CN=system:node:server-2", "subject"),
        ("/O=system:nodes/CN=system:node:server-2/CN=system:node:server-1", "subject"),
        ("/O=system:nodes/O=system:masters/CN=system:node:server-2", "subject"),
        ("/O=system:nodes/OU=x/CN=system:node:server-2", "subject"),
    ],
)
def test_other_subjects_are_refused(tmp_path: Path, subject: str, reason: str) -> None:
    assert reason in (objection(asked(request_for(tmp_path, "DNS:server-2", "-subj", subject))) or "approved")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"username": "system:node:server-1"}, "subject"),
        ({"username": "system:serviceaccount:default:x"}, "no node"),
        ({"username": "system:node:../pods"}, "no node"),
        ({"username": "system:node:server-2\n"}, "no node"),
        ({"groups": ["system:authenticated"]}, "not in system:nodes"),
        ({"groups": None}, "not in system:nodes"),
        ({"usages": ["server auth", "client auth"]}, "more than serving"),
        ({"usages": ["server auth", "cert sign"]}, "more than serving"),
    ],
)
def test_requester_and_usages_are_checked(tmp_path: Path, change: dict[str, Any], reason: str) -> None:
    assert reason in (objection(asked(request_for(tmp_path, "DNS:server-2"), **change)) or "approved")


def test_a_request_to_become_a_ca_is_refused(tmp_path: Path) -> None:
    pem = request_for(tmp_path, "DNS:server-2", more="basicConstraints=critical,CA:TRUE")
    assert "extension 2.5.29.19" in (objection(asked(pem)) or "approved")


def test_a_line_break_in_a_name_hides_nothing(tmp_path: Path) -> None:
    # In openssl's printed form the second name stands on a line of its own.
    pem = altered(request_for(tmp_path, "DNS:server-2@,DNS:kubernetes"), b"server-2@", b"server-2\n")
    assert "kubernetes" in (objection(asked(pem)) or "approved")


def test_an_address_that_another_node_has_too_is_refused(tmp_path: Path) -> None:
    cluster = Cluster(node("server-1", "10.0.0.1"), node("server-2", "10.0.0.2", "10.0.0.1"))
    assert "10.0.0.1" in (objection(asked(request_for(tmp_path, "IP:10.0.0.2,IP:10.0.0.1")), cluster) or "approved")
    assert objection(asked(request_for(tmp_path, "IP:10.0.0.2")), cluster) is None


@pytest.mark.parametrize("claim", ["10.96.0.1", "127.0.0.1", "0.0.0.0", "kubernetes.default.svc", "10.0.0.2 "])
def test_a_node_cannot_make_up_its_addresses(tmp_path: Path, claim: str) -> None:
    names = approver.own_names("server-2", [node("server-2", "10.0.0.2", claim)], approver.IPv4Network(SERVICES))
    assert names == {"server-2", "10.0.0.2"}


def test_a_node_that_does_not_exist_has_no_names(tmp_path: Path) -> None:
    assert "own are []" in (objection(asked(request_for(tmp_path, "DNS:server-2")), Cluster(node("x"))) or "approved")


@pytest.mark.parametrize(
    "damage",
    [
        lambda pem: b"",
        lambda pem: b"garbage",
        lambda pem: pem + pem,
        lambda pem: b"-----BEGIN CERTIFICATE REQUEST-----\n!\n-----END CERTIFICATE REQUEST-----\n" + pem,
        lambda pem: pem.replace(b"CERTIFICATE REQUEST", b"CERTIFICATE"),
        lambda pem: b"\n".join([*pem.splitlines()[:3], pem.splitlines()[-1]]) + b"\n",
    ],
)
def test_what_cannot_be_read_is_refused(tmp_path: Path, damage: Any) -> None:
    pem = request_for(tmp_path, "DNS:server-2")
    assert "cannot be read" in (objection(asked(damage(pem))) or "approved")


def test_no_cut_or_flipped_byte_escapes_as_another_error(tmp_path: Path) -> None:
    der = derived(request_for(tmp_path, "DNS:server-2,IP:10.0.0.2"))
    for at in range(len(der)):
        for changed in (der[:at], der[:at] + bytes([der[at] ^ 0x81]) + der[at + 1 :]):
            objection(asked(pem_of(changed)))  # an answer, or None where only key or signature were touched


def test_a_decided_request_is_left_alone_and_a_good_one_approved_once(tmp_path: Path) -> None:
    cluster, refused = Cluster(), set[str]()
    request = asked(request_for(tmp_path, "DNS:server-2"))
    approver.decide(
        cast("Api", cluster), {**request, "status": {"conditions": [{"type": "Denied"}]}}, refused, SERVICES
    )
    assert cluster.approved == []
    approver.decide(cast("Api", cluster), request, refused, SERVICES)
    ((path, body),) = cluster.approved
    assert path.endswith("/certificatesigningrequests/csr-1/approval")
    assert [one["type"] for one in body["status"]["conditions"]] == ["Approved"]


def test_a_refusal_is_said_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cluster, refused = Cluster(), set[str]()
    for _ in range(3):
        approver.decide(cast("Api", cluster), asked(request_for(tmp_path, "DNS:other")), refused, SERVICES)
    assert capsys.readouterr().err.count("left alone") == 1
    assert cluster.approved == []


def test_an_api_server_that_fails_ends_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    class Failing(Cluster):
        def get(self, path: str) -> dict[str, Any]:
            raise ApiError("GET /api/v1/nodes: status 503: starting")

    approver.decide(cast("Api", Failing()), asked(request_for(tmp_path, "DNS:server-2")), set(), SERVICES)
    assert "status 503" in capsys.readouterr().err


def altered(pem: bytes, before: bytes, after: bytes) -> bytes:
    der = derived(pem)
    assert before in der
    return pem_of(der.replace(before, after))


def derived(pem: bytes) -> bytes:
    return base64.b64decode(b"".join(pem.splitlines()[1:-1]))


def pem_of(der: bytes) -> bytes:
    head, foot = b"-----BEGIN CERTIFICATE REQUEST-----\n", b"-----END CERTIFICATE REQUEST-----\n"
    return head + base64.encodebytes(der) + foot
