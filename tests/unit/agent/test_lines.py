"""A line in someone else's file is taken out without a trace."""

from __future__ import annotations

from typing import Any

import pytest

from bareplane_agent.items.line import with_line, without_line


@pytest.mark.parametrize("data", [b"", b"one\n", b"one", b"one\n\n", b"\n", b"one\ntwo", b"a\r\nb"])
def test_in_and_out_is_byte_for_byte(data: bytes) -> None:
    put = with_line(data, b"ours")
    assert b"ours" in put.split(b"\n")
    assert without_line(put, b"ours", data == b"" or data.endswith(b"\n")) == data


@pytest.mark.parametrize(
    ("data", "left"),
    [
        (b"one\nours\nlater\n", b"one\nlater\n"),
        (b"ours\none\n", b"one\n"),
        (b"one\n", b"one\n"),
        (b"ours\nx\nours\n", b"ours\nx\n"),
    ],
)
def test_elsewhere_only_the_line_goes(data: bytes, left: bytes) -> None:
    assert without_line(data, b"ours", True) == left


def test_the_file_comes_back_as_it_was(machine: Any) -> None:
    machine.write("/etc/hosts", "127.0.0.1 localhost", 0o640)
    before = machine.picture()
    machine.apply({"type": "line", "path": "/etc/hosts", "line": "10.0.0.1 a"})
    machine.apply({"type": "line", "path": "/etc/hosts", "line": "10.0.0.2 a"})
    assert machine.path("/etc/hosts").read_text() == "127.0.0.1 localhost\n10.0.0.2 a\n"
    machine.remove()
    assert machine.picture() == before


def test_a_line_that_was_there_stays(machine: Any) -> None:
    machine.write("/etc/hosts", "10.0.0.1 a\n")
    machine.apply({"type": "line", "path": "/etc/hosts", "line": "10.0.0.1 a"})
    machine.remove()
    assert machine.path("/etc/hosts").read_text() == "10.0.0.1 a\n"


def test_a_file_made_for_a_line_goes(machine: Any) -> None:
    before = machine.picture()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bareplane_agent.files.owner_ids", lambda _: (-1, -1))
        machine.apply({"type": "line", "path": "/etc/new/hosts", "line": "10.0.0.1 a"})
    machine.remove()
    assert machine.picture() == before


@pytest.mark.parametrize("there", ["", "127.0.0.1 localhost", "127.0.0.1 localhost\n", None])
@pytest.mark.parametrize("order", [("one", "two"), ("two", "one")])
@pytest.mark.parametrize("together", [True, False])
def test_several_lines_leave_in_any_order(machine: Any, there: str | None, order: Any, together: bool) -> None:
    if there is not None:
        machine.write("/etc/hosts", there)
    before = machine.picture()
    lines = [{"type": "line", "path": "/etc/hosts", "line": f"10.0.0.{number} a"} for number in range(4)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bareplane_agent.files.owner_ids", lambda _: (-1, -1))
        if together:
            machine.apply(*lines[:2], entry="one")
            machine.apply(*lines[2:], entry="two")
        else:
            machine.apply(lines[0], entry="one")
            machine.apply(lines[2], entry="two")
            machine.apply(*lines[:2], entry="one")
            machine.apply(lines[1], entry="one")
    for name in order:
        machine.remove(name)
    assert machine.picture() == before


def test_two_entries_with_one_line_share_it(machine: Any) -> None:
    machine.write("/etc/hosts", "x\n")
    item = {"type": "line", "path": "/etc/hosts", "line": "10.0.0.1 a"}
    machine.apply(item, entry="one")
    machine.apply(item, entry="two")
    machine.remove("one")
    assert "10.0.0.1 a" in machine.path("/etc/hosts").read_text()
    machine.remove("two")
    assert machine.path("/etc/hosts").read_text() == "x\n"
