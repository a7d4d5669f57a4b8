"""Create, read, update and delete of kinds, with machines that answer from tables."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any, cast

import pytest
import yaml

from bareplane_provider.errors import (
    AgentError,
    BareplaneError,
    CancelledError,
    DeadlineError,
    InputError,
    TransportError,
    UnreachableError,
)
from bareplane_provider.kinds import KINDS
from bareplane_provider.kinds.app_instance import AppInstance
from bareplane_provider.kinds.control_planes import answering
from bareplane_provider.kinds.differences import changed, covers, fact_changes, join
from bareplane_provider.kinds.manifest import compared, key
from bareplane_provider.kinds.phase import Phase
from bareplane_provider.kinds.worker_node import WorkerNode
from bareplane_provider.kubeadm.tokens import identifier
from bareplane_provider.paths import KUBECTL
from bareplane_provider.plugin.kind import UNKNOWN, State

HOST_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl"
NODE = {"controlPlanes": [{"name": "server-1", "address": "10.0.0.1", "hostKey": HOST_KEY, "agent": True}]}


def kind(name: str) -> Any:
    return KINDS[f"bareplane:index:{name}"]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ({"a": 1}, {"a": 1}, []),
        ({"a": 1}, {"a": 2}, [("a", "update")]),
        ({"a": {"b": 1}}, {"a": {}}, [("a.b", "delete")]),
        ({}, {"unit etcd.service": "x"}, [('["unit etcd.service"]', "add")]),
        ({"a": {'say "x"': 1}}, {"a": {'say "x"': 2}}, [('a["say \\"x\\""]', "update")]),
        ({"a": [1, 2]}, {"a": [1, 3]}, [("a", "update")]),
        ({"a": None}, {"a": {"b": 1}}, [("a", "update")]),
    ],
)
def test_differences_are_named_by_path(old: Any, new: Any, expected: list[tuple[str, str]]) -> None:
    assert list(changed(old, new, "")) == expected


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ({"content": "absent"}, ["content"]),
        ({"content": "sha256:1", "mode": "0644"}, ["owner"]),
        ({"content": "sha256:2", "mode": "0600", "owner": "root:root"}, ["content", "mode"]),
    ],
)
def test_what_is_gone_is_one_difference(now: dict[str, str], expected: list[str]) -> None:
    before = {"content": "sha256:1", "mode": "0644", "owner": "root:root"}
    found = fact_changes({"file /x": before}, {"file /x": now})
    assert [one.path for one in found] == [f'facts["file /x"].{name}' for name in expected]


@pytest.mark.parametrize(
    ("prefix", "path", "expected"),
    [
        ("ca", "ca", True),
        ("ca", "ca.key", True),
        ("ca", "caCertificate", False),
        ("a.b", "a", False),
        ("a", 'a["x y"]', True),
    ],
)
def test_a_path_covers_itself_and_what_is_below(prefix: str, path: str, expected: bool) -> None:
    assert covers(prefix, path) is expected


def test_names_that_are_no_identifiers_are_quoted() -> None:
    assert join("facts", "file /etc/x") == 'facts["file /etc/x"]'


@pytest.mark.parametrize(
    ("name", "change", "reason"),
    [
        ("EtcdMember", {"genesis": {"server-1": "10.0.0.1"}}, "first members"),
        ("EtcdMember", {"token": "other"}, "names this etcd cluster"),
        ("EtcdMember", {"address": "10.0.0.7"}, "known to the others"),
        ("Pki", {"ca": {"certificate": "OTHER", "key": "OTHER"}}, "signed with it"),
        ("Pki", {"serviceAccount": {"publicKey": "x", "key": "y"}}, "signed with it"),
        ("VolumeDirectory", {"path": "/srv/others"}, "volumes of the cluster stand there"),
    ],
)
def test_changes_that_would_destroy_a_cluster_are_refused_at_preview(
    kit: Any, name: str, change: dict[str, Any], reason: str
) -> None:
    inputs = kit.inputs[name]
    with pytest.raises(InputError, match=reason):
        kind(name).diff(State(inputs, {}), {**inputs, **change})


def test_the_authorities_are_never_changed() -> None:
    with pytest.raises(InputError, match="make a new cluster"):
        kind("ClusterIdentity").diff(State({"cluster": "a", "years": 10}, {}), {"cluster": "b", "years": 10})


@pytest.mark.parametrize(
    ("change", "replaces"),
    [({"owner": "x"}, True), ({"connection": {"name": "other"}}, True), ({"names": ["pause"]}, False)],
)
def test_another_machine_or_owner_is_a_replacement(kit: Any, change: dict[str, Any], replaces: bool) -> None:
    inputs = kit.inputs["Images"]
    new = {**inputs, **change}
    if "connection" in change:
        new["connection"] = {**inputs["connection"], **change["connection"]}
    (found,) = kind("Images").diff(State(inputs, {}), new).changes
    assert found.replace is replaces


def test_the_control_plane_that_is_asked_is_no_difference(kit: Any) -> None:
    inputs = kit.inputs["WorkerNode"]
    other = [{**inputs["controlPlanes"][0], "address": "10.0.0.9"}]
    assert kind("WorkerNode").diff(State(inputs, {}), {**inputs, "controlPlanes": other}).changes == []


def remembered(kit: Any, name: str, **facts: Any) -> State:
    """The state of a phase as `up` leaves it."""
    phase = cast("Phase[Any]", kind(name))
    spec, machine = phase.parse(kit.inputs[name]), kit.facts()
    observed = {"file /x": {"content": "sha256:1", "mode": "0644"}}
    outputs = {"facts": {**observed, **facts}, "baseline": observed, "machine": machine.to_wire()}
    return State(kit.inputs[name], {**outputs, "fingerprint": phase.fingerprint(spec, machine)})


def test_nothing_differs_after_up(kit: Any) -> None:
    state = remembered(kit, "ContainerRuntime")
    assert list(kind("ContainerRuntime").diff(state, state.inputs).changes) == []


def test_drift_is_named_fact_by_fact(kit: Any) -> None:
    state = remembered(kit, "ContainerRuntime", **{"file /x": {"content": "sha256:2", "mode": "0644"}})
    paths = [one.path for one in kind("ContainerRuntime").diff(state, state.inputs).changes]
    assert paths == ['facts["file /x"].content']


def test_a_new_version_of_bareplane_that_renders_otherwise_is_a_change(kit: Any) -> None:
    state = remembered(kit, "ContainerRuntime")
    old = State(state.inputs, {**state.outputs, "fingerprint": "0123456789abcdef"})
    assert [one.path for one in kind("ContainerRuntime").diff(old, old.inputs).changes] == ["fingerprint"]


def test_unknown_inputs_are_not_judged(kit: Any) -> None:
    inputs = {**kit.inputs["KubeProxy"], "certificate": UNKNOWN}
    assert kind("KubeProxy").check(inputs) == []
    state = remembered(kit, "KubeProxy")
    assert [one.path for one in kind("KubeProxy").diff(state, inputs).changes] == ["certificate"]


@pytest.mark.parametrize(
    ("change", "property"),
    [
        ({"surprise": 1}, "surprise"),
        ({"node": "No_Name"}, "node"),
        ({"node": None}, "node"),
        ({"cluster": 3}, "cluster"),
    ],
)
def test_check_names_the_property(kit: Any, change: dict[str, Any], property: str) -> None:
    assert [one.property for one in kind("KubeProxy").check({**kit.inputs["KubeProxy"], **change})] == [property]


def agent_machine(kit: Any, answer: Callable[[dict[str, Any]], Any]) -> Any:
    """A machine whose agent answers from a function."""
    machine = kit.machine()
    machine.connection = kind("Machine").parse(kit.inputs["Machine"]).connection

    def agent(request: dict[str, Any], *_: Any, **__: Any) -> Any:
        machine.requests.append(request)
        if request["operation"] == "probe":
            return {"facts": kit.facts().to_wire(), "momentary": {}}
        return answer(request)

    machine.agent = agent
    return machine


def test_create_remembers_what_it_found_and_how_to_look_again(kit: Any) -> None:
    machine = agent_machine(kit, lambda request: {"facts": {"file /x": {"content": "sha256:1"}}})
    made = kind("HostSettings").create("x", kit.inputs["HostSettings"], kit.talk(machine))
    assert made.id == "server-1/host-settings"
    assert made.outputs["facts"] == made.outputs["baseline"]
    assert all("content" not in one for one in made.outputs["items"])
    request = machine.requests[-1]
    assert (request["operation"], request["entry"], request["owner"]) == ("apply", made.id, "demo/test/00")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (AgentError("command", "kubeadm said no", "command x"), "server-1: HostSettings: kubeadm said no"),
        (TransportError("the connection was cut"), "the connection was cut"),
        (CancelledError("interrupted"), "interrupted"),
    ],
)
def test_a_phase_that_broke_off_is_recorded_and_shown_as_unfinished(kit: Any, error: Exception, words: str) -> None:
    def fails(request: dict[str, Any]) -> Any:
        raise error

    context = kit.talk(agent_machine(kit, fails))
    with pytest.raises(BareplaneError, match=words):
        kind("HostSettings").create("x", kit.inputs["HostSettings"], context)
    assert context.begun.id == "server-1/host-settings"
    state = State(kit.inputs["HostSettings"], context.begun.outputs)
    assert [one.path for one in kind("HostSettings").diff(state, state.inputs).changes] == ["facts.phase.state"]


@pytest.mark.parametrize(("entry", "gone"), [(None, True), ({"state": "done"}, False)])
def test_a_phase_without_its_ledger_entry_is_gone(kit: Any, entry: Any, gone: bool) -> None:
    machine = agent_machine(kit, lambda request: {"entry": entry, "facts": {"file /x": {"mode": "0600"}}})
    state = State(kit.inputs["HostSettings"], {"baseline": {}, "items": [{"type": "file", "path": "/x"}]})
    found = kind("HostSettings").read("server-1/host-settings", state, kit.talk(machine))
    assert (found is None) is gone
    assert machine.requests[-1]["operation"] == "observe"
    if found is not None:
        assert found["facts"] == {"file /x": {"mode": "0600"}}
        assert found["baseline"] == {}


@pytest.mark.parametrize(
    ("state", "named"), [("done", []), ("intent", ["facts.phase.state"]), ("removing", ["facts.phase.state"])]
)
def test_what_the_ledger_calls_unfinished_is_finished_by_the_next_run(kit: Any, state: str, named: list[str]) -> None:
    facts = {"file /x": {"mode": "0600"}}
    machine = agent_machine(kit, lambda request: {"entry": {"state": state}, "facts": facts})
    pki = KINDS["bareplane:index:Pki"]
    given = kit.inputs["Pki"]
    found = pki.read("server-1/pki", State(given, {"facts": facts, "baseline": facts}), kit.talk(machine))
    assert [one.path for one in pki.diff(State(given, found), given).changes] == named


@pytest.mark.parametrize(("name", "operation"), [("HostSettings", "remove"), ("Machine", "sweep")])
def test_delete_asks_the_ledger(kit: Any, name: str, operation: str) -> None:
    machine = agent_machine(kit, lambda request: {"removed": []})
    kind(name).delete("server-1/x", State(kit.inputs[name], {}), kit.talk(machine))
    assert machine.requests[-1]["operation"] == operation
    assert machine.requests[-1]["owner"] == "demo/test/00"


def test_the_first_control_plane_that_answers_is_used(kit: Any) -> None:
    one, two = kit.machine(name="server-1", reachable=False), kit.machine(name="server-2")
    spec = kind("EtcdQuorum").parse({"controlPlanes": planes("server-1", "server-2"), "members": ["server-1"]})
    with answering(spec.control_planes, kit.talk(one, two)) as session:
        assert session.name == "server-2"


def test_all_control_planes_are_named_when_none_answers(kit: Any) -> None:
    machines = [kit.machine(name=name, reachable=False) for name in ("server-1", "server-2")]
    spec = kind("EtcdQuorum").parse({"controlPlanes": planes("server-1", "server-2"), "members": ["server-1"]})
    with (
        pytest.raises(UnreachableError, match=r"server-1 cannot be reached.*server-2"),
        answering(spec.control_planes, kit.talk(*machines)),
    ):
        pytest.fail("nobody answered")


def planes(*names: str) -> list[dict[str, Any]]:
    return [{**NODE["controlPlanes"][0], "name": name} for name in names]


def test_a_node_is_drained_within_its_deadline_and_then_removed(kit: Any) -> None:
    def answer(argv: Any, stdin: str) -> Any:
        return kit.done(1, stderr=b"cannot evict") if "drain" in argv else "node/server-2"

    machine = kit.machine(answer)
    context = kit.talk(machine)
    inputs = {**NODE, "node": "server-2", "drainSeconds": 7}
    kind("NodeMembership").delete("node/server-2", State(inputs, {}), context)
    verbs = [argv[len(KUBECTL)] for argv, _ in machine.ran if "--raw" not in argv]
    assert verbs == ["get", "drain", "delete"]
    assert "--timeout=7s" in next(line for line in machine.lines() if "drain" in line)
    assert "cannot evict" in context.warned[0]


def test_a_node_that_is_gone_is_not_drained(kit: Any) -> None:
    machine = kit.machine(lambda argv, stdin: "")
    kind("NodeMembership").delete("x", State({**NODE, "node": "server-2"}, {}), kit.talk(machine))
    assert not any("drain" in argv or "delete" in argv for argv, _ in machine.ran)


def test_a_node_that_does_not_become_ready_is_named_with_its_condition(kit: Any) -> None:
    def answer(argv: Any, stdin: str) -> Any:
        return kit.done(1, stderr=b"timed out") if "wait" in argv else "cni plugin not initialized"

    with pytest.raises(BareplaneError, match=r"server-2 did not become Ready.*cni plugin not initialized.*journalctl"):
        kind("NodeMembership").create("x", {**NODE, "node": "server-2"}, kit.talk(kit.machine(answer)))


@pytest.mark.parametrize(
    ("shown", "facts"),
    [
        ("", {"present": "no"}),
        (
            {
                "metadata": {"labels": {"a": "1"}},
                "spec": {"unschedulable": True, "taints": [{"key": "t", "effect": "NoSchedule"}]},
                "status": {"conditions": [{"type": "Ready", "status": "False"}]},
            },
            {
                "present": "yes",
                "ready": "False",
                "schedulable": "no",
                "label a": "1",
                "taint t:NoSchedule": "yes",
                "taint t=v:NoExecute": "no",
            },
        ),
        (
            {"metadata": {}, "spec": {"taints": [{"key": "t", "value": "v", "effect": "NoExecute"}]}, "status": {}},
            {
                "present": "yes",
                "ready": "Unknown",
                "schedulable": "yes",
                "label a": "(absent)",
                "taint t:NoSchedule": "no",
                "taint t=v:NoExecute": "yes",
            },
        ),
    ],
)
def test_a_nodes_facts(kit: Any, shown: Any, facts: dict[str, str]) -> None:
    machine = kit.machine(lambda argv, stdin: json.dumps(shown) if shown else "")
    inputs = {**NODE, "node": "server-2", "labels": {"a": "1"}, "taints": ["t:NoSchedule", "t=v:NoExecute"]}
    found = kind("NodeMembership").read("x", State(inputs, {}), kit.talk(machine))
    assert found == {"facts": {"api": {"answers": "yes"}, "node server-2": facts}}


def test_labels_and_taints_that_are_wished_no_more_are_taken_off(kit: Any) -> None:
    taints = [{"key": "t", "effect": "NoSchedule"}, {"key": "theirs", "effect": "NoSchedule"}]
    node = {"metadata": {"labels": {"a": "1", "theirs": "x"}}, "spec": {"taints": taints}, "status": {}}
    machine = kit.machine(lambda argv, stdin: json.dumps(node))
    inputs = {**NODE, "node": "server-2"}
    old = State({**inputs, "labels": {"a": "1", "gone": ""}, "taints": ["t:NoSchedule", "gone:NoExecute"]}, {})
    kind("NodeMembership").update("x", old, inputs, kit.talk(machine))
    changes = [line.partition("/dev/null ")[2] for line in machine.lines() if " label " in line or " taint " in line]
    assert changes == ["label node server-2 a-", "taint node server-2 t:NoSchedule-"]


@pytest.mark.parametrize(("there", "restarts"), [(False, 1), (True, 0)])
def test_a_node_that_was_deleted_registers_again(kit: Any, there: bool, restarts: int) -> None:
    node = json.dumps({"metadata": {}, "spec": {}, "status": {}})
    worker = kit.machine(name="server-2")
    plane = kit.machine(
        lambda argv, stdin: kit.done(1) if "--for=create" in argv and not there and not worker.ran else node
    )
    connection = {**NODE["controlPlanes"][0], "name": "server-2"}
    inputs = {**NODE, "node": "server-2", "connection": connection}
    kind("NodeMembership").update("x", State(inputs, {}), inputs, kit.talk(plane, worker))
    assert worker.lines() == ["systemctl restart kubelet.service"] * restarts


@pytest.mark.parametrize(("refused", "how"), [("can-i", "forbidden"), ("/readyz", "no")])
def test_an_api_that_does_not_answer_is_drift_and_hides_nothing(kit: Any, refused: str, how: str) -> None:
    known = {"api": {"answers": "yes"}, "node server-2": {"present": "yes"}}
    state = State({**NODE, "node": "server-2"}, {"facts": known, "baseline": known})
    machine = kit.machine(lambda argv, stdin: kit.done(1 if refused in argv else 0))
    found = kind("NodeMembership").read("x", state, kit.talk(machine))
    changes = kind("NodeMembership").diff(State(state.inputs, found), state.inputs).changes
    assert [one.path for one in changes] == ["facts.api.answers"]
    assert found["facts"]["api"] == {"answers": how}


def test_a_question_that_fails_though_the_api_answers_is_an_error(kit: Any) -> None:
    def answer(argv: Any, stdin: str) -> Any:
        return "yes" if {"can-i", "/readyz"} & set(argv) else kit.done(1, stderr=b"a defect")

    state = State({**NODE, "node": "server-2"}, {"facts": {}})
    with pytest.raises(BareplaneError, match="a defect"):
        kind("NodeMembership").read("x", state, kit.talk(kit.machine(answer)))


DEPLOYMENT = {
    "kind": "Deployment",
    "metadata": {"name": "hello", "namespace": "a", "labels": {"app.kubernetes.io/name": "x"}},
    "spec": {"replicas": 2, "list": [{"a": 1}, {"b": []}]},
}


@pytest.mark.parametrize(
    ("live", "expected"),
    [
        (None, {"present": "no"}),
        (
            {**DEPLOYMENT, "status": {"x": 1}},
            {
                "present": "yes",
                "/kind": '"Deployment"',
                "/metadata/name": '"hello"',
                "/metadata/namespace": '"a"',
                "/metadata/labels/app.kubernetes.io~1name": '"x"',
                "/spec/replicas": "2",
                "/spec/list/0/a": "1",
                "/spec/list/1/b": "[]",
            },
        ),
    ],
)
def test_only_the_fields_a_manifest_sets_are_compared(live: Any, expected: dict[str, str]) -> None:
    assert compared(DEPLOYMENT, live) == expected


@pytest.mark.parametrize(
    ("change", "differing"),
    [
        ({"spec": {"replicas": 5, "list": [{"a": 1}, {"b": []}]}}, {"/spec/replicas"}),
        ({"spec": {"replicas": 2, "list": []}}, {"/spec/list/0/a", "/spec/list/1/b"}),
        ({"spec": {"replicas": 2, "list": "text"}}, {"/spec/list/0/a", "/spec/list/1/b"}),
        ({"metadata": {"name": "hello", "namespace": "a"}}, {"/metadata/labels/app.kubernetes.io~1name"}),
    ],
)
def test_a_field_changed_by_hand_is_named(change: dict[str, Any], differing: set[str]) -> None:
    before, after = compared(DEPLOYMENT, DEPLOYMENT), compared(DEPLOYMENT, {**DEPLOYMENT, **change})
    assert {name for name in before if before[name] != after[name]} == differing


def test_objects_taken_out_of_a_manifest_are_deleted(kit: Any) -> None:
    one, two = ({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}} for name in ("one", "two"))
    machine = kit.machine(lambda argv, stdin: "")
    kind("Manifest").update(
        "m", State({**NODE, "objects": [one, two]}, {}), {**NODE, "objects": [one]}, kit.talk(machine)
    )
    deleted = [yaml.safe_load(stdin) for argv, stdin in machine.ran if "delete" in argv]
    assert deleted == [two]


def test_a_manifest_waits_for_what_rolls_out(kit: Any) -> None:
    machine = kit.machine(lambda argv, stdin: "")
    kind("Manifest").create("m", {**NODE, "objects": [DEPLOYMENT]}, kit.talk(machine))
    assert any("-n a rollout status Deployment/hello --timeout=300s" in line for line in machine.lines())
    assert key(DEPLOYMENT) == "Deployment a/hello"


POOL = {"apiVersion": "metallb.io/v1beta1", "kind": "IPAddressPool", "metadata": {"name": "pool", "namespace": "a"}}
NO_SUCH_KIND = (
    'error: resource mapping not found for name: "pool" namespace: "a" from "STDIN": no matches for kind '
    '"IPAddressPool" in version "metallb.io/v1beta1"\nensure CRDs are installed first'
)


def without_the_type(kit: Any, others: str = "") -> Any:
    """A control plane whose API does not know the pool's type."""

    def answer(argv: Any, stdin: str) -> Any:
        asked = [one["kind"] for one in yaml.safe_load_all(stdin)] if stdin else []
        if "IPAddressPool" in asked:
            return kit.done(1, b"", NO_SUCH_KIND.encode())
        return others if "get" in argv and asked else ""

    return kit.machine(answer)


def test_objects_whose_type_was_deleted_are_absent_and_hide_no_others(kit: Any) -> None:
    machine = without_the_type(kit, json.dumps(DEPLOYMENT))
    found = kind("Manifest").read("m", State({**NODE, "objects": [DEPLOYMENT, POOL]}, {}), kit.talk(machine))
    assert found["facts"]["IPAddressPool a/pool"] == {"present": "no"}
    assert found["facts"]["Deployment a/hello"]["present"] == "yes"
    alone = kind("Manifest").read("m", State({**NODE, "objects": [POOL]}, {}), kit.talk(machine))
    assert alone["facts"]["IPAddressPool a/pool"] == {"present": "no"}


def test_objects_whose_type_was_deleted_are_gone_already(kit: Any) -> None:
    machine = without_the_type(kit)
    kind("Manifest").delete("m", State({**NODE, "objects": [POOL, DEPLOYMENT]}, {}), kit.talk(machine))
    assert yaml.safe_load(machine.ran[-1][1]) == DEPLOYMENT


def test_an_object_of_an_unknown_type_is_an_error_when_it_is_made(kit: Any) -> None:
    with pytest.raises(BareplaneError, match="no matches for kind"):
        kind("Manifest").create("m", {**NODE, "objects": [POOL]}, kit.talk(without_the_type(kit)))


def test_a_manifest_waits_until_its_types_can_be_used(kit: Any) -> None:
    machine = kit.machine(lambda argv, stdin: "")
    one = {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": "a.b"}}
    kind("Manifest").create("m", {**NODE, "objects": [one]}, kit.talk(machine))
    assert any("wait --for=condition=Established --timeout=60s crd/a.b" in line for line in machine.lines())


def etcd(kit: Any, *well: str, leader: bool = True) -> Any:
    """A control plane with an etcd of two started members and one that never was."""
    names = {"https://10.0.0.1:2379": "server-1", "https://10.0.0.2:2379": "server-2"}
    listed = [{"name": name, "clientURLs": [url]} for url, name in names.items()]
    healths = [{"endpoint": url, "health": name in well} for url, name in names.items()]

    def answer(argv: Any, stdin: str) -> Any:
        if "member" in argv:
            return json.dumps({"members": [*listed, {}]})
        if "--cluster" in argv:
            return kit.done(0 if len(well) == len(names) else 1, json.dumps(healths).encode(), b"server-2 is not well")
        return kit.done(0 if leader else 1)

    return kit.machine(answer)


QUORUM = {**NODE, "members": ["server-1", "server-2", "server-3"]}


def test_etcds_quorum_names_members_that_are_missing_or_not_well(kit: Any) -> None:
    found = kind("EtcdQuorum").read("q", State(QUORUM, {}), kit.talk(etcd(kit, "server-1")))
    assert found["facts"] == {
        "etcd": {"answers": "yes"},
        "server-1": {"member": "yes", "health": "healthy"},
        "server-2": {"member": "yes", "health": "unhealthy"},
        "server-3": {"member": "no"},
    }


def test_a_member_that_stays_away_is_told_and_stops_nothing(kit: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    context = kit.talk(etcd(kit, "server-1"))
    monkeypatch.setattr(context, "seconds", lambda usual: 0.0)
    kind("EtcdQuorum").create("q", QUORUM, context)
    assert "server-2 is not well" in context.warned[0]


def test_an_etcd_without_a_leader_is_an_error(kit: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    context = kit.talk(etcd(kit, leader=False))
    monkeypatch.setattr(context, "seconds", lambda usual: 0.0)
    with pytest.raises(BareplaneError, match=r"no leader.*journalctl -u etcd"):
        kind("EtcdQuorum").create("q", QUORUM, context)


def joining(kit: Any, revoke: Any = "", ready: str = "", planned: Any = ("command kubeadm join",)) -> Any:
    """A worker whose agent plans `planned`; it is its own control plane."""

    def answer(argv: Any, stdin: str) -> Any:
        if "get" in argv:
            return ready
        return revoke if "delete" in argv and any("create" in line for line in machine.lines()) else ""

    machine = kit.machine(answer)
    machine.agent = lambda request, *_, **__: {"planned": list(planned)}
    return machine


def join_config(plan: Any) -> str:
    (join,) = [one for one in plan.items if one.get("name") == "kubeadm join"]
    return base64.b64decode(join["stdin"]).decode()


def test_a_join_token_is_in_no_argv_and_is_revoked(kit: Any) -> None:
    machine = joining(kit)
    worker, context = WorkerNode(), kit.talk(machine)
    spec = worker.parse(kit.inputs["WorkerNode"])
    with worker.planned(spec, kit.facts(), machine, context) as plan:
        (token,) = context.concealed
        assert token in join_config(plan)
    public = token.partition(".")[0]
    assert not [line for line in machine.lines() if token in line]
    (minted,) = [stdin for argv, stdin in machine.ran if "create" in argv]
    assert yaml.safe_load(minted.split("---")[0])["bootstrapTokens"][0]["token"] == token
    deleted = [line for line in machine.lines() if f"delete secret bootstrap-token-{public}" in line]
    # Before, what a run that was cut may have left; after, this one.
    assert len(deleted) == 2
    assert machine.lines()[-1] == deleted[-1]


def test_a_node_has_one_name_for_its_tokens_and_another_secret_each_time(kit: Any) -> None:
    worker, tokens = WorkerNode(), list[str]()
    for _ in range(2):
        machine = joining(kit)
        context = kit.talk(machine)
        with worker.planned(worker.parse(kit.inputs["WorkerNode"]), kit.facts(), machine, context):
            tokens += context.concealed
    (one, two) = (token.split(".") for token in tokens)
    assert one[0] == two[0]
    assert one[1] != two[1]
    assert identifier("a/server-1") != identifier("a/server-2")


def test_a_token_is_revoked_after_a_failure_and_the_failure_is_what_is_told(kit: Any) -> None:
    machine = joining(kit, revoke=kit.done(1, stderr=b"cannot delete"))
    context = kit.talk(machine)
    spec = WorkerNode().parse(kit.inputs["WorkerNode"])
    with (
        pytest.raises(BareplaneError, match="join failed"),
        WorkerNode().planned(spec, kit.facts(), machine, context),
    ):
        raise BareplaneError("join failed")
    assert "cannot delete" in context.warned[0]


@pytest.mark.parametrize("planned", [(), ("command kubelet-start", "unit kubelet.service")])
def test_a_worker_that_has_joined_needs_no_token(kit: Any, planned: Any) -> None:
    machine = joining(kit, planned=planned)
    spec = WorkerNode().parse(kit.inputs["WorkerNode"])
    with WorkerNode().planned(spec, kit.facts(), machine, kit.talk(machine)) as plan:
        assert plan.items
    assert machine.ran == []


@pytest.mark.parametrize(("ready", "aside"), [("True", True), ("Unknown", False), ("", False)])
def test_a_node_that_lost_its_identity_is_set_aside_while_it_counts_as_ready(kit: Any, ready: str, aside: bool) -> None:
    machine = joining(kit, ready=ready)
    spec = WorkerNode().parse(kit.inputs["WorkerNode"])
    with WorkerNode().planned(spec, kit.facts(), machine, kit.talk(machine)):
        lines = machine.lines()
    assert ("systemctl stop kubelet.service" in lines) is aside
    assert any("--subresource=status" in line for line in lines) is aside


@pytest.mark.parametrize(
    ("error", "step"),
    [
        (AgentError("deadline", "long story\nof many lines", "command kubeadm join"), "command kubeadm join"),
        (DeadlineError("not done"), "the work there"),
    ],
)
def test_what_was_not_done_in_time_is_one_clear_line(kit: Any, error: Exception, step: str) -> None:
    def fails(request: dict[str, Any]) -> Any:
        raise error

    machine = agent_machine(kit, fails)
    with pytest.raises(BareplaneError) as caught:
        kind("HostSettings").create("x", kit.inputs["HostSettings"], kit.talk(machine))
    assert str(caught.value).startswith(f"server-1: HostSettings: {step} was not done within 600 s")
    assert "customTimeouts" in str(caught.value)
    assert "\n" not in str(caught.value)
    with pytest.raises(DeadlineError, match=f"server-1: HostSettings: {step} was not done within 600 s"):
        kind("HostSettings").delete("x", State(kit.inputs["HostSettings"], {}), kit.talk(machine))


def test_the_users_time_replaces_the_kinds_own(kit: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    machine = agent_machine(kit, lambda request: {"facts": {}})
    context = kit.talk(machine)
    monkeypatch.setattr(context, "seconds", lambda usual: 4000.0)
    kind("HostSettings").create("x", kit.inputs["HostSettings"], context)
    assert machine.requests[-1]["deadline"] == 4000.0


@pytest.mark.parametrize(
    ("name", "changes", "told"),
    [
        ("Binaries", {"kubernetesVersion": "1.36.9"}, [("kubernetesVersion", "no kubelet 1.36.9; it has 1.36.3")]),
        ("Binaries", {"names": ["kubelit"]}, [("names", "did you mean 'kubelet'?")]),
        ("Binaries", {"kubernetesVersion": UNKNOWN}, []),
        ("Images", {"names": ["pauze", "coredns"]}, [("names", "did you mean 'pause'?")]),
        ("Images", {}, []),
    ],
)
def test_what_the_catalog_does_not_have_is_refused_by_check(
    kit: Any, name: str, changes: dict[str, Any], told: list[tuple[str, str]]
) -> None:
    found = kind(name).check({**kit.inputs[name], **changes})
    assert [one.property for one in found] == [where for where, _ in told]
    assert all(words in one.reason for one, (_, words) in zip(found, told, strict=True)), found


@pytest.mark.parametrize(
    "kind", [one for one in KINDS.values() if isinstance(one, AppInstance)], ids=lambda one: one.name
)
def test_no_apps_name_makes_its_entry_a_phases(kind: AppInstance[Any]) -> None:
    phases = {one.slug for one in KINDS.values() if isinstance(one, Phase)} - {kind.slug}
    assert [one for one in phases if one.startswith(f"{kind.slug}-")] == []
