"""The critical path of an update, and what its time is counted as."""

from bench.events import Step, steps
from bench.path import critical_path, parts_of, split


def urn(name: str, kind: str = "Binaries") -> str:
    return f"urn:pulumi:bench::project::bareplane:index:{kind}::{name}"


def test_the_path_follows_what_ended_last() -> None:
    early, late = Step(urn("early"), 1, 2), Step(urn("late"), 1, 5)
    last = Step(urn("last"), 5.5, 7)
    depends = {early.urn: [], late.urn: [], last.urn: [early.urn, late.urn]}
    path = critical_path([early, late, last], depends)
    assert [(link.step.name, link.gap) for link in path] == [("late", 1), ("last", 0.5)]


def test_components_of_the_program_are_not_on_the_path() -> None:
    stack, one = Step("urn:pulumi:bench::project::pulumi:pulumi:Stack::s", 0, 9), Step(urn("one"), 1, 2)
    assert [link.step.name for link in critical_path([stack, one], {one.urn: []})] == ["one"]


def test_a_step_is_cut_at_what_it_said() -> None:
    said = ((2.0, "server-1/etcd: writing /etc/x"), (3.0, "server-1/etcd: starting etcd.service"))
    step = Step(urn("etcd", "EtcdMember"), 1, 7, said)
    assert parts_of(step) == [("SSH and transfer", 1), ("SSH and transfer", 1), ("components", 4)]


def test_waiting_for_the_cluster_is_its_components() -> None:
    assert parts_of(Step(urn("m", "NodeMembership"), 1, 3)) == [("components", 2)]


def test_what_no_step_explains_is_the_engine() -> None:
    step = Step(urn("one"), 2, 5)
    path = critical_path([step], {step.urn: []})
    assert split(path, 6) == {"engine": 3, "SSH and transfer": 3, "components": 0}


def test_events_become_steps_with_what_was_said() -> None:
    name = urn("one")
    events = [
        (1.0, {"resourcePreEvent": {"metadata": {"urn": name}}}),
        (2.0, {"diagnosticEvent": {"urn": name, "message": "<{%reset%}>transferring 1 of 2 MB<{%reset%}>\n"}}),
        (4.0, {"resOutputsEvent": {"metadata": {"urn": name}}}),
        (5.0, {"resourcePreEvent": {"metadata": {"urn": urn("unfinished")}}}),
    ]
    assert steps(events) == [Step(name, 1.0, 4.0, ((2.0, "transferring 1 of 2 MB"),))]
