"""YAML, kubeconfigs and arguments, read by kubeadm and kubectl."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from bareplane.specs import ClusterSettings
from bareplane.specs.kubeconfig import kubeconfig
from bareplane.specs.wire import NodeName
from bareplane_provider.errors import InputError
from bareplane_provider.kubeadm.config import arguments, cluster_configuration, init_configuration, init_file
from bareplane_provider.kubeadm.kubelet import cluster_wide
from bareplane_provider.kubeadm.manifests import COMPONENTS, flags, pods
from bareplane_provider.kubeadm.objects import ApiServer, documents
from bareplane_provider.kubeadm.yaml_text import yaml_text
from bareplane_templates import source
from tests.provider.injection.programs import output, program
from tests.unit.injection.boundary import Carry, arrives_or_is_refused, in_place, through
from tests.unit.injection.hostile import batches, trips
from tests.unit.injection.reporting import SELF_TEST

NAMES = st.one_of(
    st.from_regex(r"[a-z0-9]([-a-z0-9]{0,5}[a-z0-9])?", fullmatch=True),
    st.sampled_from(["n", "y", "1e3", "0x10", "no", "null", "on", "0o7", "1", "1-1", "true", "e5", "00"]),
)
NODE_NAME = TypeAdapter(NodeName)


def settings(**changed: Any) -> ClusterSettings:
    given = {"version": "1.36.3", "endpoint": "cluster.lab", "endpointAddresses": ["10.0.0.1"]}
    return ClusterSettings.from_wire({**given, **changed})


def through_kubectl(write: Callable[[dict[str, Any]], str]) -> Carry:
    """Keys and values of a ConfigMap, as kubectl reads what it is given to apply."""

    def carry(strings: Sequence[str]) -> Sequence[str | None]:
        passed = through(lambda one: write({"a": one}), strings, InputError)
        data = {f"value-{place}": one for place, one in enumerate(passed)}
        document = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}, "data": data}
        keyed = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "y"}, "data": dict.fromkeys(passed, "z")}
        shown = output(
            program("kubectl"), "annotate", "--local", "-f", "-", "-o", "json", "a=b",
            stdin="---\n".join((write(document), write(keyed))),
        )  # fmt: skip
        values, keys = read_all(shown)
        assert set(keys["data"]) == set(passed)
        return in_place(strings, passed, [values["data"][name] for name in data])

    return carry


def read_all(text: str) -> Iterator[dict[str, Any]]:
    """JSON documents that stand one after another."""
    at = 0
    while at < len(text.rstrip()):
        document, at = json.JSONDecoder().raw_decode(text, at)
        yield document
        at += len(text[at:]) - len(text[at:].lstrip())


def test_objects_reach_kubectl_as_they_are() -> None:
    @trips(10)
    @given(batches(NAMES))
    def holds(strings: list[str]) -> None:
        arrives_or_is_refused("objects for kubectl (YAML)", through_kubectl(yaml_text), strings)

    holds()


def test_a_writer_that_leaves_quoting_to_python_is_found_out() -> None:
    @trips(4)
    @given(batches(NAMES, size=10))
    def holds(strings: list[str]) -> None:
        arrives_or_is_refused(f"{SELF_TEST}YAML", through_kubectl(yaml.safe_dump), strings)

    with pytest.raises(AssertionError):
        holds()


def through_kubeadm(strings: Sequence[str]) -> Sequence[str | None]:
    """Values of flags, from our configuration through kubeadm's manifests back into a unit's arguments."""
    cluster = settings()

    def config(values: Sequence[str]) -> str:
        whole = cluster_configuration(cluster)
        given = arguments({f"flag-{place}": one for place, one in enumerate(values)})
        server = ApiServer(cert_sans=["cluster.lab"], extra_args=given, extra_volumes=[])
        changed = whole.model_copy(update={"api_server": server})
        init = init_configuration(cluster, "server-1", "10.0.0.1").model_copy(update={"patches": None})
        return documents(init, changed, cluster_wide(cluster))

    passed = through(lambda one: config([one]), strings, InputError)
    asked = ("manifests", program("kubeadm"), "control-plane", "all")
    manifests = output("sh", "-c", source("manifests.sh"), *asked, stdin=config(passed))
    pod = pods(manifests, COMPONENTS)["kube-apiserver"]
    found = dict(flag.removeprefix("--").split("=", 1) for flag in flags(pod))
    return in_place(strings, passed, [found[f"flag-{place}"] for place in range(len(passed))])


def test_flags_reach_units_through_kubeadm_as_they_are() -> None:
    @trips(5)
    @given(batches(NAMES))
    def holds(strings: list[str]) -> None:
        # One character that kubeadm's writer of YAML does not take, and it refuses the whole batch.
        written = [one for one in strings if all(c.isprintable() or c in "\t\n" for c in one)]
        arrives_or_is_refused("flags through kubeadm (YAML there and back)", through_kubeadm, written)

    holds()


def accepted_by_kubeadm(strings: Sequence[str]) -> Sequence[str | None]:
    """Names of clusters and nodes, as kubeadm reads them strictly: what is no text to it is an error."""
    passed = through(NODE_NAME.validate_python, strings, ValidationError)
    for one in passed:
        config = init_file(settings(name=one, endpoint=f"{one}.lab", dnsDomain=one), one, "10.0.0.1")
        output(program("kubeadm"), "config", "validate", "--config", "/dev/stdin", stdin=config)
    return in_place(strings, passed, passed)


def test_kubeadm_accepts_every_name_that_a_spec_accepts() -> None:
    @trips(3)
    @given(batches(NAMES))
    def holds(strings: list[str]) -> None:
        arrives_or_is_refused("names in kubeadm's configuration", accepted_by_kubeadm, strings)

    holds()


class Api(BaseHTTPRequestHandler):
    """Knows no node, and remembers which were asked for."""

    asked: list[str]

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        self.asked.append(unquote(path))
        found = {"/api": {"versions": ["v1"]}, "/apis": {"groups": []}}.get(path)
        if path == "/api/v1":
            nodes = {"name": "nodes", "singularName": "node", "namespaced": False, "kind": "Node", "verbs": ["get"]}
            found = {"kind": "APIResourceList", "groupVersion": "v1", "resources": [nodes]}
        body = json.dumps(found or {"kind": "Status", "status": "Failure", "reason": "NotFound", "code": 404}).encode()
        self.send_response(200 if found else 404)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


@pytest.fixture
def api() -> Iterator[tuple[str, list[str]]]:
    """URL of an API server, and the paths it is asked for."""
    asked: list[str] = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Remembering", (Api,), {"asked": asked}))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()


def test_names_of_nodes_are_names_to_kubectl(api: tuple[str, list[str]]) -> None:
    url, asked = api

    def carry(strings: Sequence[str]) -> Sequence[str | None]:
        passed = through(NODE_NAME.validate_python, strings, ValidationError)
        asked.clear()
        flags = ["--server", url, "--cache-dir", "/dev/null", "--kubeconfig", "/dev/null"]
        output(program("kubectl"), *flags, "get", "node", *passed, "-o", "name", "--ignore-not-found")
        place = "/api/v1/nodes/"
        return in_place(strings, passed, [path.removeprefix(place) for path in asked if path.startswith(place)])

    @trips(4)
    @given(batches(NAMES))
    def holds(strings: list[str]) -> None:
        arrives_or_is_refused("names in kubectl's arguments", carry, strings)

    holds()


def test_names_in_a_kubeconfig_are_names_to_kubectl(tmp_path: Path) -> None:
    def carry(strings: Sequence[str]) -> Sequence[str | None]:
        passed = through(NODE_NAME.validate_python, strings, ValidationError)
        came: list[str] = []
        for one in passed:
            (tmp_path / "config").write_text(kubeconfig(one, "https://10.0.0.1:6443", "CA", one, "CERT", "KEY"))
            view = ["config", "view", "--raw", "--minify", "-o", "json"]
            shown = json.loads(output(program("kubectl"), "--kubeconfig", str(tmp_path / "config"), *view))
            assert shown["contexts"][0]["context"]["user"] == one
            came.append(shown["clusters"][0]["name"])
        return in_place(strings, passed, came)

    @trips(3)
    @given(batches(NAMES))
    def holds(strings: list[str]) -> None:
        arrives_or_is_refused("names in kubeconfigs", carry, strings)

    holds()
