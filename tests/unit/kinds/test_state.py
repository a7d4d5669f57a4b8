"""Kinds that live in the state alone, and the small pure parts kinds are made of."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
import yaml

from bareplane_provider.errors import BareplaneError, InputError
from bareplane_provider.kinds import KINDS, identities
from bareplane_provider.kinds.control_plane import ControlPlane
from bareplane_provider.kinds.credentials import credential_name, with_credentials
from bareplane_provider.kinds.roles import objects
from bareplane_provider.kubeadm.config import init_file, join_file
from bareplane_provider.kubeadm.manifests import COMPONENTS, flags, marked, pods
from bareplane_provider.kubeadm.policy import audit_policy, encryption_configuration
from bareplane_provider.plugin.kind import Context, State

NOBODY = cast("Context", None)


def kind(name: str) -> Any:
    return KINDS[f"bareplane:index:{name}"]


def test_a_new_encryption_key_stands_first_and_the_old_one_keeps_its_bytes() -> None:
    ring = kind("EncryptionKeyRing")
    first = ring.create("k", {"names": ["a"]}, NOBODY)
    second = ring.update("k", State({"names": ["a"]}, first.outputs), {"names": ["b", "a"]}, NOBODY)
    assert [one["name"] for one in second["keys"]] == ["b", "a"]
    assert second["keys"][1] == first.outputs["keys"][0]
    assert len(base64.b64decode(second["keys"][0]["secret"])) == 32
    third = ring.update("k", State({"names": ["b", "a"]}, second), {"names": ["b"]}, NOBODY)
    assert third["keys"] == [second["keys"][0]]


def test_the_first_key_encrypts_and_all_can_be_read() -> None:
    keys = [{"name": "new", "secret": "TkVX"}, {"name": "old", "secret": "T0xE"}]
    (resource,) = yaml.safe_load(encryption_configuration(keys))["resources"]
    assert resource["providers"] == [{"secretbox": {"keys": keys}}, {"identity": {}}]


def test_stacks_of_one_name_are_still_told_apart() -> None:
    inputs = {"project": "p", "stack": "s"}
    one, two = (kind("StackIdentity").create("o", inputs, NOBODY).id for _ in range(2))
    assert one.startswith("p/s/")
    assert one != two


@pytest.mark.parametrize("change", [{"project": "q"}, {"stack": "t"}])
def test_another_project_or_stack_is_another_owner(change: dict[str, str]) -> None:
    old = {"project": "p", "stack": "s"}
    assert all(one.replace for one in kind("StackIdentity").diff(State(old, {}), {**old, **change}).changes)


@pytest.mark.parametrize(("days_later", "renewed"), [(0, False), (66, False), (67, True), (300, True)])
def test_a_client_certificate_is_renewed_in_the_last_third_of_its_life(
    monkeypatch: pytest.MonkeyPatch, days_later: int, renewed: bool
) -> None:
    ca = identities.make_authority("kubernetes", 1)
    inputs = {"commonName": "u", "days": 100, "caCertificate": ca.certificate, "caKey": ca.key}
    certificate = kind("ClientCertificate")
    state = State(inputs, certificate.create("c", inputs, NOBODY).outputs)

    class Later(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:  # type: ignore[override]
            return datetime.now(tz) + timedelta(days=days_later)

    monkeypatch.setattr(identities, "datetime", Later)
    assert [one.path for one in certificate.diff(state, inputs).changes] == (["certificate"] if renewed else [])
    assert datetime.now(UTC) < Later.now(UTC) + timedelta(seconds=5)


def test_private_keys_are_marked_secret() -> None:
    made = kind("ClusterIdentity").create("i", {"cluster": "c"}, NOBODY)
    private = {name for name, value in made.outputs.items() if "PRIVATE KEY" in str(value)}
    assert private == kind("ClusterIdentity").secret_outputs
    assert "key" in kind("ClientCertificate").secret_outputs
    assert "keys" in kind("EncryptionKeyRing").secret_outputs


@pytest.mark.parametrize(
    ("given", "expected", "credentials"),
    [
        ("--x=1", "--x=1", {}),
        ("--x", "--x", {}),
        ("--cert=/etc/kubernetes/pki/a.crt", "--cert=/run/credentials/u.service/pki-a.crt", {"pki-a.crt": "pki/a.crt"}),
        ("--dir=/etc/kubernetes-other/x", "--dir=/etc/kubernetes-other/x", {}),
        ("--log=/var/log/kubernetes/x", "--log=/var/log/kubernetes/x", {}),
    ],
)
def test_a_services_files_become_credentials(given: str, expected: str, credentials: dict[str, str]) -> None:
    made = with_credentials("u.service", [given])
    assert made.arguments == (expected,)
    assert made.credentials == {name: f"/etc/kubernetes/{path}" for name, path in credentials.items()}


def test_credentials_of_different_files_have_different_names() -> None:
    paths = ["/etc/kubernetes/pki/ca.crt", "/etc/kubernetes/pki/etcd/ca.crt", "/etc/kubernetes/ca.crt"]
    assert len({credential_name(path) for path in paths}) == 3


def manifest(name: str, *given: str) -> str:
    container = {"name": name, "command": [name, *given]}
    return yaml.safe_dump({"metadata": {"name": name}, "spec": {"containers": [container]}})


def stream(*given: str) -> str:
    return "---\n" + "---\n".join(manifest(name, *given) for name in COMPONENTS)


def test_flags_are_read_from_kubeadms_manifests() -> None:
    found = pods(stream("--of=it"), COMPONENTS)
    assert {name: flags(pod) for name, pod in found.items()} == {name: ["--of=it"] for name in COMPONENTS}


def test_a_pod_starts_anew_when_what_it_reads_changes_and_only_then() -> None:
    pod = yaml.safe_load(manifest("kube-apiserver"))
    assert marked(pod, ["a", "b"]) == marked(pod, ["a", "b"])
    assert len({marked(pod, reads) for reads in ((), ("a", "b"), ("ab", ""), ("a", "c"))}) == 4
    assert yaml.safe_load(marked(pod, ())) == pod


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no manifest for kube-apiserver, kube-controller-manager, kube-scheduler"),
        (manifest("kube-apiserver"), "no manifest for kube-controller-manager, kube-scheduler"),
        ("spec: {containers: []}", "no container with a command"),
        ("- a", "no container with a command"),
        ("spec: {containers: [{name: x}]}", "no container with a command"),
    ],
)
def test_manifests_that_are_not_kubeadms_are_refused(text: str, words: str) -> None:
    with pytest.raises(BareplaneError, match=words):
        pods(text, COMPONENTS)


def test_the_api_server_is_up_before_the_others_are_written(kit: Any) -> None:
    text = stream("--tls=/etc/kubernetes/pki/apiserver.crt")
    machine = kit.machine(lambda argv, stdin: text)
    plane = ControlPlane()
    spec = plane.parse(kit.inputs["ControlPlane"])
    made = plane.plan(spec, kit.facts(), machine, kit.talk(machine))
    names = [one.get("name") or one.get("path", "").rpartition("/")[2] for one in made.items]
    units = [one for one in names if one.startswith("kube-")]
    assert units[:2] == ["kube-apiserver.service", "kube-apiserver.service"]
    (api,) = [one for one in made.items if one["type"] == "unit" and one["name"] == "kube-apiserver.service"]
    assert api["ready"][-1] == "/readyz"
    assert "file /etc/kubernetes/bareplane/encryption.yaml" in api["restart_on"]
    assert "SECRET-KEY" not in str(machine.ran)


def test_static_pods_are_kubeadms_and_nothing_is_a_service(kit: Any) -> None:
    machine = kit.machine(lambda argv, stdin: stream("--tls=/etc/kubernetes/pki/apiserver.crt"))
    plane = ControlPlane()
    spec = plane.parse({**kit.inputs["ControlPlane"], "form": "static-pods"})
    made = {one.get("path"): one for one in plane.plan(spec, kit.facts(), machine, kit.talk(machine)).items}
    for name in COMPONENTS:
        assert made[f"/etc/kubernetes/manifests/{name}.yaml"]["mode"] == "0600"
        assert f"/etc/systemd/system/{name}.service" not in made
    renewal = base64.b64decode(made["/opt/bareplane/lib/renew-certificates.sh"]["content"]).decode()
    assert "systemctl restart" not in renewal


@pytest.mark.parametrize("name", ["EtcdMember", "ControlPlane"])
def test_a_running_control_plane_keeps_its_form(kit: Any, name: str) -> None:
    old = kit.inputs[name]
    with pytest.raises(InputError, match=r"form cannot change.*cluster\.controlPlane\.form"):
        kind(name).diff(State({**old, "form": "processes"}, {}), {**old, "form": "static-pods"})


def test_kubeadm_that_fails_is_quoted(kit: Any) -> None:
    machine = kit.machine(lambda argv, stdin: kit.done(1, stderr=b"unknown field"))
    with pytest.raises(BareplaneError, match=r"server-1: asking kubeadm.*unknown field"):
        ControlPlane().plan(ControlPlane().parse(kit.inputs["ControlPlane"]), kit.facts(), machine, kit.talk(machine))


def documents(kit: Any) -> dict[str, Any]:
    cluster = ControlPlane().parse(kit.inputs["ControlPlane"]).cluster
    return {one["kind"]: one for one in yaml.safe_load_all(init_file(cluster, "server-1", "10.0.0.1"))}


def test_kubeadms_configuration_of_a_control_plane(kit: Any) -> None:
    made = documents(kit)
    cluster = made["ClusterConfiguration"]
    assert cluster["controlPlaneEndpoint"] == "cluster.lab:6443"
    assert cluster["apiServer"]["certSANs"] == ["cluster.lab", "10.0.0.1"]
    flags = {one["name"]: one["value"] for one in cluster["apiServer"]["extraArgs"]}
    assert flags["encryption-provider-config"] == "/etc/kubernetes/bareplane/encryption.yaml"
    assert flags["audit-policy-file"] == "/etc/kubernetes/bareplane/audit-policy.yaml"
    assert "local" in cluster["etcd"]
    assert made["InitConfiguration"]["localAPIEndpoint"] == {"advertiseAddress": "10.0.0.1", "bindPort": 6443}
    kubelet = made["KubeletConfiguration"]
    assert kubelet["clusterDNS"] == ["10.96.0.10"]
    assert kubelet["serverTLSBootstrap"] is True
    assert kubelet["rotateCertificates"] is True
    assert kubelet["makeIPTablesUtilChains"] is False


def test_a_worker_joins_as_itself(kit: Any) -> None:
    cluster = ControlPlane().parse(kit.inputs["ControlPlane"]).cluster
    made = yaml.safe_load(join_file(cluster, "server-2", "10.0.0.2", "abcdef.0123456789abcdef"))
    assert made["kind"] == "JoinConfiguration"
    assert made["nodeRegistration"]["name"] == "server-2"
    assert made["nodeRegistration"]["kubeletExtraArgs"] == [{"name": "node-ip", "value": "10.0.0.2"}]


def test_the_audit_log_holds_no_secret() -> None:
    rules = yaml.safe_load(audit_policy())["rules"]
    secret = next(index for index, one in enumerate(rules) if "secrets" in str(one.get("resources")))
    bodies = [index for index, one in enumerate(rules) if one["level"] in ("Request", "RequestResponse")]
    assert rules[secret]["level"] == "Metadata"
    assert min(bodies) > secret


def test_our_daemons_may_do_what_they_do_and_no_more() -> None:
    rights = {one["metadata"]["name"]: one["rules"] for one in objects() if one["kind"] == "ClusterRole"}
    assert set(rights) == {"bareplane:routes", "bareplane:serving-approver"}
    for rules in rights.values():
        for rule in rules:
            assert "*" not in [*rule["verbs"], *rule["resources"], *rule["apiGroups"]]
    routes = [(rule["resources"], sorted(rule["verbs"])) for rule in rights["bareplane:routes"]]
    assert routes == [(["nodes"], ["get", "list", "watch"])]
    approving = [rule for rule in rights["bareplane:serving-approver"] if "approve" in rule["verbs"]]
    assert [rule["resourceNames"] for rule in approving] == [["kubernetes.io/kubelet-serving"]]
