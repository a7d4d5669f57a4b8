"""The plugin under a real engine: what `pulumi up`, `preview`, `refresh` and `destroy` do with a kind."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.provider.engine.stack import Stack, find_pulumi

SECRET = {"secret": "hunter2hunter2"}


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    pulumi = find_pulumi()
    if pulumi is None:
        pytest.skip("no pulumi CLI on PATH or in bareplane's cache (`make setup` builds one)")
    one = Stack(tmp_path, pulumi)
    yield one
    one.end()


def thing(name: str, after: list[str] | None = None, **inputs: Any) -> dict[str, Any]:
    return {"name": name, "inputs": inputs, "after": after or []}


def test_a_second_up_changes_nothing_and_calls_nothing(stack: Stack) -> None:
    one = thing("a", text="hello", number=3, flag=True, map={"x": [1, {"y": 2.5}]})
    stack.up(one)
    assert stack.calls() == [["create", "a", one["inputs"]]]
    out = stack.up(one)
    assert "1 unchanged" in out.replace("2 unchanged", "1 unchanged")
    assert stack.calls() == []


def test_preview_of_a_new_stack_shows_unknowns_and_calls_nothing(stack: Stack) -> None:
    out = stack.preview(thing("a", text="hello"), thing("b", text={"of": "a", "output": "size"}))
    assert "2 to create" in out.replace("3 to create", "2 to create")
    assert stack.calls() == []


def test_a_value_of_one_resource_reaches_the_next(stack: Stack) -> None:
    stack.up(thing("a", text="hello"), thing("b", text={"of": "a", "output": "size"}))
    assert stack.calls()[1] == ["create", "b", {"text": 5}]


def test_an_update_names_the_changed_property(stack: Stack) -> None:
    stack.up(thing("a", text="one", other=["x", "y"]))
    out = stack.preview(thing("a", text="two", other=["x", "y"]))
    assert '~ text: "one" => "two"' in out
    assert "other" not in out
    stack.calls()
    stack.up(thing("a", text="two", other=["x", "y"]))
    outputs = ["baseline", "content", "fixed", "password", "size"]
    assert stack.calls() == [
        ["update", "a", {"text": "one", "other": ["x", "y"]}, outputs, {"text": "two", "other": ["x", "y"]}]
    ]


def test_an_added_and_a_removed_input_are_named(stack: Stack) -> None:
    stack.up(thing("a", text="one", old="x"))
    out = stack.preview(thing("a", text="one", new="y"))
    assert '- old: "x"' in out
    assert '+ new: "y"' in out


def test_a_stable_output_does_not_make_what_uses_it_look_changed(stack: Stack) -> None:
    before = [thing("a", text="one"), thing("b", text={"of": "a", "output": "fixed"})]
    stack.up(*before)
    out = stack.preview(thing("a", text="two"), before[1])
    assert "1 to update" in out
    out = stack.preview(thing("a", text="two"), thing("b", text={"of": "a", "output": "size"}))
    assert "2 to update" in out


def test_a_replacement_deletes_first(stack: Stack) -> None:
    stack.up(thing("a", text="one", place="here"))
    stack.calls()
    out = stack.preview(thing("a", text="one", place="there"))
    assert "1 to replace" in out
    assert '~ place: "here" => "there"' in out
    stack.up(thing("a", text="one", place="there"))
    assert [call[:2] for call in stack.calls()] == [["delete", "a"], ["create", "a"]]
    assert (stack.world / "a").exists()


def test_refresh_finds_drift_and_the_next_up_mends_it(stack: Stack) -> None:
    resources = thing("a", text="one"), thing("b", text="two")
    stack.up(*resources)
    (stack.world / "a").write_text("changed by hand")
    stack.run("refresh", "--yes")
    out = stack.preview(*resources)
    assert "1 to update" in out
    assert "content" in out
    print(out)
    stack.calls()
    stack.up(*resources)
    assert [call[:2] for call in stack.calls()] == [["update", "a"]]
    assert (stack.world / "a").read_text() == "one"
    assert "update" not in stack.up(*resources)


def test_refresh_notices_what_is_gone(stack: Stack) -> None:
    stack.up(thing("a", text="one"))
    (stack.world / "a").unlink()
    stack.run("refresh", "--yes")
    stack.calls()
    stack.up(thing("a", text="one"))
    assert [call[:2] for call in stack.calls()] == [["create", "a"]]


def test_destroy_gets_the_old_inputs(stack: Stack) -> None:
    stack.up(thing("a", text="one"), thing("b", after=["a"], text="two"))
    stack.calls()
    stack.run("destroy", "--yes")
    outputs = ["baseline", "content", "fixed", "password", "size"]
    assert stack.calls() == [["delete", "b", {"text": "two"}, outputs], ["delete", "a", {"text": "one"}, outputs]]


def test_secrets_are_encrypted_in_the_state_and_absent_from_output(stack: Stack) -> None:
    out = stack.up(thing("a", text="one", token=SECRET, number=5))
    assert stack.calls()[0][2]["token"] == "hunter2hunter2"
    found = stack.state()["a"]
    for where, name in (("inputs", "token"), ("outputs", "token"), ("outputs", "password")):
        assert "ciphertext" in found[where][name], (where, name)
    assert found["outputs"]["number"] == 5
    for path in stack.root.joinpath("state").rglob("*"):
        if path.is_file():
            assert "hunter2" not in path.read_text()
            assert "generated-one" not in path.read_text()
    assert "hunter2" not in out
    assert "made with care and [secret]" in out
    out = stack.preview(thing("a", text="two", token={"secret": "another secret"}))
    assert "hunter2" not in out
    assert "another secret" not in out
    assert "generated" not in out


def test_a_bad_input_is_refused_before_anything_is_made(stack: Stack) -> None:
    out = stack.up(thing("a", text="bad"), fails=True)
    assert "'bad' is not allowed; give something good" in out
    assert stack.calls() == []


def test_an_error_of_one_leaves_the_others_and_the_state_clean(stack: Stack) -> None:
    out = stack.up(thing("a", text="x", behave="fail", token=SECRET), thing("b", text="y"), fails=True)
    assert "server-1: making it: no room for [secret]; make room" in out
    assert "provider.py" not in out
    assert "hunter2" not in out
    assert list(stack.state()) in (["b"], [])
    out = stack.up(thing("a", text="x", token=SECRET), thing("b", text="y"))
    assert "pending" not in out
    assert sorted(stack.state()) == ["a", "b"]


def test_a_defect_is_told_in_one_line(stack: Stack) -> None:
    out = stack.up(thing("a", text="x", behave="crash", token=SECRET), fails=True)
    assert "a defect in bareplane: RuntimeError: a bug near [secret]" in out
    assert "provider.py" not in out  # no stack trace of the plugin
    assert not stack.state()


def test_a_create_done_by_half_is_remembered(stack: Stack) -> None:
    out = stack.up(thing("a", text="x", behave="half", token=SECRET), fails=True)
    assert "server-1: only half was made" in out
    found = stack.state()["a"]
    assert found["id"] == "half-made"
    assert found["initErrors"] == ["server-1: only half was made"]
    assert "ciphertext" in found["outputs"]["token"]
    stack.calls()
    stack.up(thing("a", text="x", token=SECRET))
    assert [call[:2] for call in stack.calls()] == [["update", "half-made"]]
    assert "initErrors" not in stack.state()["a"]


def test_a_failed_update_keeps_the_old_state_and_is_tried_again(stack: Stack) -> None:
    stack.up(thing("a", text="one", token=SECRET))
    stack.up(thing("a", text="two", behave="fail", token=SECRET), fails=True)
    found = stack.state()["a"]
    assert found["inputs"]["text"] == "one"
    assert found["outputs"]["size"] == 3
    assert "ciphertext" in found["outputs"]["password"]
    assert found["initErrors"]
    stack.calls()
    stack.up(thing("a", text="one", token=SECRET))  # back to what it was: still to be brought about
    assert [call[:2] for call in stack.calls()] == [["update", "a"]]
    assert "initErrors" not in stack.state()["a"]


@pytest.mark.parametrize("behave", ["sleep", "stubborn"])
def test_an_interrupt_ends_at_once(stack: Stack, behave: str) -> None:
    """The engine tells a little later than the plugin, which has two seconds (tests/unit/plugin/test_workers.py)."""
    stack.up(thing("a", text="one"))
    stack.calls()
    stack.resources(thing("a", text="one"), thing("b", text="x", behave=behave))
    process = stack.start("up", "--yes", "--skip-preview")
    _wait(lambda: (stack.world / "calls").exists() and '"b"' in (stack.world / "calls").read_text())
    time.sleep(0.5)
    before = time.monotonic()
    os.kill(process.pid, signal.SIGINT)
    assert process.stdout
    for line in process.stdout:
        if "creating failed" in line:
            break
    took = time.monotonic() - before
    process.communicate(timeout=30)
    assert process.returncode != 0
    assert took < 4
    assert list(stack.state()) == ["a"]
    stack.up(thing("a", text="one"), thing("b", text="x"))
    assert sorted(stack.state()) == ["a", "b"]


def test_the_plugin_does_not_outlive_its_engine(stack: Stack) -> None:
    stack.resources(thing("a", text="x", behave="stubborn"))
    process = stack.start("up", "--yes", "--skip-preview")
    _wait(lambda: (stack.world / "stubborn").exists())
    assert stack.plugins()
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    _wait(lambda: not stack.plugins(), seconds=3)


def _wait(until: Any, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not until():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_the_users_timeouts_reach_a_kind_for_each_operation(stack: Stack) -> None:
    one = {**thing("a", text="one", behave="time"), "times": {"create": "30m", "update": "90s", "delete": "2m"}}
    stack.up(one)
    stack.up({**one, "inputs": {**one["inputs"], "text": "two"}})
    stack.run("destroy", "--yes", "--skip-preview")
    seconds = [call[1] for call in stack.calls() if call[0] == "seconds"]
    assert [abs(found - wished) <= 5 for found, wished in zip(seconds, (1800, 90, 120), strict=True)] == [True] * 3


def test_without_timeouts_a_kind_takes_its_own_time(stack: Stack) -> None:
    stack.up(thing("a", text="one", behave="time"))
    assert ["seconds", 600] in stack.calls()
