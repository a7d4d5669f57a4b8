"""The resources of a cluster, and what a change of the configuration does to them."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from bareplane.apps.deployment import objects
from bareplane.config import AppConfig
from bareplane.specs.kubeconfig import kubeconfig

SIGNATURE = "4dabf18193072939515e22adb298388d"
PER_SERVER = ("binaries", "images", "kube-proxy", "machine", "membership", "node", "pod-network", "runtime", "settings")
Build = Callable[..., Any]


def texts(value: Any, *, secret: bool = False) -> Iterator[tuple[str, bool]]:
    """Every text of an input, and whether it travels as a secret."""
    if isinstance(value, dict):
        if value.get(SIGNATURE):
            yield from texts(value["value"], secret=True)
        else:
            for one in value.values():
                yield from texts(one, secret=secret)
    elif isinstance(value, list):
        for one in value:
            yield from texts(one, secret=secret)
    elif isinstance(value, str):
        yield value, secret


def test_resources_of_one_control_plane_and_two_workers(three: Any) -> None:
    assert three.kinds() == {
        "Binaries": ["server-1-binaries", "server-2-binaries", "server-3-binaries"],
        "ClientCertificate": ["bareplane-admin", "bareplane-approver", "bareplane-kube-proxy", "bareplane-routes"],
        "Cluster": ["bareplane"],
        "ClusterBootstrap": ["bareplane-bootstrap"],
        "ClusterIdentity": ["bareplane-identity"],
        "ContainerRuntime": ["server-1-runtime", "server-2-runtime", "server-3-runtime"],
        "ControlPlane": ["server-1-control-plane"],
        "ControlPlaneKubelet": ["server-1-kubelet"],
        "ControlPlaneNode": ["server-1-node"],
        "EncryptionKeyRing": ["bareplane-keys"],
        "EtcdMember": ["server-1-etcd"],
        "EtcdQuorum": ["bareplane-quorum"],
        "HostSettings": ["server-1-settings", "server-2-settings", "server-3-settings"],
        "Images": ["server-1-images", "server-2-images", "server-3-images"],
        "KubeProxy": ["server-1-kube-proxy", "server-2-kube-proxy", "server-3-kube-proxy"],
        "Machine": ["server-1-machine", "server-2-machine", "server-3-machine"],
        "NodeMembership": ["server-1-membership", "server-2-membership", "server-3-membership"],
        "Pki": ["server-1-pki"],
        "PodNetwork": ["server-1-pod-network", "server-2-pod-network", "server-3-pod-network"],
        "Server": ["server-1", "server-2", "server-3"],
        "ServingApprover": ["server-1-approver"],
        "StackIdentity": ["bareplane-owner"],
        "WorkerNode": ["server-2-node", "server-3-node"],
    }


@pytest.mark.parametrize(
    ("later", "earlier"),
    [
        ("server-1-settings", "server-1-machine"),
        ("server-1-binaries", "server-1-settings"),
        ("server-1-runtime", "server-1-binaries"),
        ("server-1-images", "server-1-runtime"),
        ("server-1-pki", "server-1-binaries"),
        ("server-1-pki", "bareplane-identity"),
        ("server-1-etcd", "server-1-pki"),
        ("bareplane-quorum", "server-1-etcd"),
        ("server-1-control-plane", "bareplane-quorum"),
        ("server-1-control-plane", "bareplane-keys"),
        ("bareplane-bootstrap", "server-1-control-plane"),
        ("server-1-approver", "bareplane-bootstrap"),
        ("server-1-kubelet", "bareplane-bootstrap"),
        ("server-1-kubelet", "server-1-images"),
        ("server-1-node", "server-1-kubelet"),
        ("server-2-node", "bareplane-bootstrap"),
        ("server-2-node", "server-2-images"),
        ("server-2-kube-proxy", "bareplane-bootstrap"),
        ("server-2-membership", "server-2-node"),
        ("server-2-membership", "server-2-kube-proxy"),
        ("server-2-membership", "server-2-pod-network"),
        ("server-2-machine", "bareplane-owner"),
    ],
)
def test_the_order(three: Any, later: str, earlier: str) -> None:
    assert earlier in three.before(later)
    assert later not in three.before(earlier)


@pytest.mark.parametrize("phase", [*PER_SERVER])
def test_servers_do_not_wait_for_each_other(three: Any, phase: str) -> None:
    assert not {one for one in three.before(f"server-3-{phase}") if one.startswith("server-2-")}


def test_servers_are_prepared_without_a_cluster(three: Any) -> None:
    assert three.before("server-2-images") == {
        "bareplane-owner",
        "server-2-machine",
        "server-2-settings",
        "server-2-binaries",
        "server-2-runtime",
    }


def test_a_new_worker_adds_its_own_resources_and_changes_no_input(build: Build, three: Any) -> None:
    four = build(["server-1"], ["server-2", "server-3", "server-4"])
    added = four.resources.keys() - three.resources.keys()
    assert added == {"server-4", *(f"server-4-{phase}" for phase in PER_SERVER)}
    changed = [name for name, one in three.resources.items() if one.inputs != four[name].inputs]
    assert changed == []


def test_a_new_worker_asks_the_control_plane_alone(build: Build) -> None:
    four = build(["server-1"], ["server-2", "server-3", "server-4"])
    addresses = {
        text
        for phase in PER_SERVER
        for text, _ in texts(four[f"server-4-{phase}"].inputs)
        if text.startswith("10.0.0.")
    }
    assert addresses == {"10.0.0.4", "10.0.0.1"}


def test_memberships_go_with_the_whole_cluster(three: Any) -> None:
    memberships = [one for one in three.resources.values() if one.kind == "NodeMembership"]
    assert {one.deleted_with for one in memberships} == {"bareplane-bootstrap"}
    others = [one.name for one in three.resources.values() if one.deleted_with and one not in memberships]
    assert others == []


def test_all_resources_hang_below_the_cluster(three: Any) -> None:
    for one in three.resources.values():
        above = one
        while above.parent in three.resources:
            above = three[above.parent]
        assert above.name == "bareplane"


def test_every_private_key_travels_as_a_secret(three: Any) -> None:
    plain = [
        name for name, one in three.resources.items() for text, secret in texts(one.inputs) if key(text) and not secret
    ]
    assert plain == []
    assert any(key(text) for text, _ in texts(three["server-1-pki"].inputs))


def test_encryption_keys_travel_as_a_secret(three: Any) -> None:
    given = dict(texts(three["server-1-control-plane"].inputs["encryptionKeys"]))
    assert given
    assert all(given.values())


def test_authorities_reach_control_planes_alone(three: Any) -> None:
    holders = {
        one.kind
        for one in three.resources.values()
        if any(key(text) and "ca" in one.inputs for text, _ in texts(one.inputs))
    }
    assert holders == {"Pki"}


def test_the_kubeconfig_is_secret_and_names_an_address(three: Any) -> None:
    text, secret = three.exports["kubeconfig"]
    assert secret
    assert json.loads(text)["clusters"][0]["cluster"]["server"] == "https://10.0.0.1:6443"


def test_three_control_planes_start_etcd_together(build: Build) -> None:
    made = build(["server-1", "server-2", "server-3"], [])
    genesis = {"server-1": "10.0.0.1", "server-2": "10.0.0.2", "server-3": "10.0.0.3"}
    for name in genesis:
        assert made[f"{name}-etcd"].inputs["genesis"] == genesis
        assert not {one for one in made.before(f"{name}-etcd") if one.endswith("-etcd")}
        assert {f"{other}-etcd" for other in genesis} <= made.before(f"{name}-control-plane")
    assert made.kinds()["ClusterBootstrap"] == ["bareplane-bootstrap"]


def test_static_pods_are_written_before_the_kubelet_that_starts_them(build: Build) -> None:
    made = build(["server-1", "server-2", "server-3"], ["server-4"], form="static-pods")
    for name in ("server-1", "server-2", "server-3"):
        own = made.before(f"{name}-kubelet")
        assert {f"{name}-etcd", f"{name}-control-plane", f"{name}-images"} <= own
        # One at a time they would wait for each other for ever.
        assert not {one for one in own if "quorum" in one or "bootstrap" in one}
        assert f"{name}-kubelet" in made.before("bareplane-quorum")
    assert "bareplane-quorum" in made.before("bareplane-bootstrap")
    assert "etcd" in made["server-1-images"].inputs["names"]
    assert "etcd" not in made["server-1-binaries"].inputs["names"]
    assert "etcd" not in made["server-4-images"].inputs["names"]


def test_another_pod_network_takes_the_place_of_ours(build: Build) -> None:
    made = build(["server-1"], ["server-2"], network={"plugin": "manifests", "manifests": ["x.yaml"]})
    assert "PodNetwork" not in made.kinds()
    assert "bareplane-routes" not in made.resources


def test_metrics_server_waits_for_the_nodes_and_is_preloaded(build: Build) -> None:
    made = build(["server-1"], ["server-2"], metrics=True)
    assert "server-2-membership" in made.before("bareplane-metrics")
    assert "metrics-server" in made["server-2-images"].inputs["names"]


def test_a_load_balancer_and_storage_are_removed_in_an_order_that_leaves_nothing(build: Build) -> None:
    made = build(["server-1"], ["server-2"], loadBalancer={"addresses": ["10.0.0.200-10.0.0.210"]}, storage={})
    assert {"metallb-controller", "metallb-speaker", "local-path-provisioner", "volumes"} <= set(
        made["server-2-images"].inputs["names"]
    )
    # Addresses are taken back by a controller that still runs, directories go when no pod makes any more.
    for later, earlier in (
        ("bareplane-load-balancer", "server-2-membership"),
        ("bareplane-addresses", "bareplane-load-balancer"),
        ("bareplane-storage-class", "bareplane-storage"),
        ("bareplane-storage", "server-2-volumes"),
        ("server-2-runtime", "server-2-volumes"),
    ):
        assert earlier in made[later].needs
    assert made["server-1-volumes"].inputs["path"] == "/var/lib/bareplane-volumes"
    own = ("load-balancer", "addresses", "storage", "storage-class")
    assert {made[f"bareplane-{name}"].deleted_with for name in own} == {"bareplane-bootstrap"}


def test_a_new_worker_changes_no_input_of_load_balancer_and_storage(build: Build) -> None:
    keys: dict[str, Any] = {"loadBalancer": {"addresses": ["10.0.0.200-10.0.0.210"]}, "storage": {}}
    two, three = build(["server-1"], ["server-2"], **keys), build(["server-1"], ["server-2", "server-3"], **keys)
    assert [name for name, one in two.resources.items() if one.inputs != three[name].inputs] == []


def key(text: str) -> bool:
    return "PRIVATE KEY" in text


@pytest.mark.parametrize(("node_port", "kind"), [(None, "ClusterIP"), (30080, "NodePort")])
def test_an_app_is_a_deployment_and_a_service_for_its_pods(node_port: int | None, kind: str) -> None:
    app = AppConfig(name="hello", image="x:1", replicas=2, port=8080, node_port=node_port, environment={"A": "1"})
    made, reached = objects(app)
    pod = made["spec"]["template"]
    assert made["spec"]["replicas"] == 2
    assert made["spec"]["selector"]["matchLabels"] == pod["metadata"]["labels"] == reached["spec"]["selector"]
    assert reached["spec"]["type"] == kind
    assert reached["spec"]["ports"][0].get("nodePort") == node_port
    environment = {one["name"]: one.get("value") for one in pod["spec"]["containers"][0]["env"]}
    assert environment == {"A": "1", "PORT": "8080", "NODE_NAME": None}
    assert pod["spec"]["topologySpreadConstraints"][0]["topologyKey"] == "kubernetes.io/hostname"


def test_an_environment_set_as_secret_stands_in_a_secret_whose_name_changes_with_it() -> None:
    names: set[str] = set()
    for word in ("winterbottom", "summerbottom"):
        app = AppConfig(name="hello", image="x:1", secret_environment={"WORD": word})
        sealed, made, _ = objects(app)
        assert sealed["kind"] == "Secret"
        assert base64.b64decode(sealed["data"]["WORD"]).decode() == word
        name = sealed["metadata"]["name"]
        given = made["spec"]["template"]["spec"]["containers"][0]["env"][0]
        assert given == {"name": "WORD", "valueFrom": {"secretKeyRef": {"name": name, "key": "WORD"}}}
        assert word not in json.dumps(made)
        names.add(name)
    assert len(names) == 2


def test_a_kubeconfig_holds_everything_it_needs() -> None:
    document = json.loads(kubeconfig("c", "https://10.0.0.1:6443", "CA", "u", "CERT", "KEY"))
    assert document["current-context"] == "u@c"
    assert document["users"][0]["user"] == {"client-certificate-data": "Q0VSVA==", "client-key-data": "S0VZ"}
