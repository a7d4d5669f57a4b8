"""Files, directories and links: made, adopted, restored."""

from __future__ import annotations

from typing import Any

import pytest

from bareplane_agent.errors import ForeignError, RequestError


def test_a_file_is_made_and_gone_again_with_its_parents(machine: Any, file: Any) -> None:
    before = machine.picture()
    facts = machine.apply(file("/etc/x/y/z", "hello", mode="0600"))["facts"]
    assert machine.path("/etc/x/y/z").read_text() == "hello"
    assert facts["file /etc/x/y/z"]["mode"] == "0600"
    assert facts["file /etc/x/y/z"]["content"].startswith("sha256:2cf24dba")
    machine.remove()
    assert machine.picture() == before


def test_a_second_apply_writes_nothing(machine: Any, file: Any, directory: Any) -> None:
    items = [directory("/etc/d", mode="0700"), file("/etc/d/x"), {"type": "symlink", "path": "/etc/l", "target": "d/x"}]
    machine.apply(*items)
    before = machine.traces()
    assert machine.apply(*items)["changed"] == []
    machine.ask("observe", items=items)
    assert machine.traces() == before


def test_an_original_comes_back_with_its_mode(machine: Any, file: Any) -> None:
    machine.write("/etc/motd", "theirs", 0o640)
    before = machine.picture()
    machine.apply(file("/etc/motd", "ours"))
    machine.apply(file("/etc/motd", "ours, later"))
    assert machine.path("/etc/motd").read_text() == "ours, later"
    machine.remove()
    assert machine.picture() == before


def test_a_replaced_link_comes_back(machine: Any, file: Any) -> None:
    machine.write("/etc/real", "theirs")
    machine.path("/etc/link").symlink_to("real")
    before = machine.picture()
    machine.apply(file("/etc/link", "ours"))
    assert not machine.path("/etc/link").is_symlink()
    machine.remove()
    assert machine.picture() == before


def test_a_file_of_ours_that_was_edited_goes(machine: Any, file: Any) -> None:
    before = machine.picture()
    machine.apply(file("/etc/x"))
    machine.write("/etc/x", "edited")
    machine.remove()
    assert machine.picture() == before


def test_a_file_of_theirs_that_was_edited_since_stays(machine: Any, file: Any) -> None:
    machine.write("/etc/x", "theirs")
    machine.apply(file("/etc/x", "ours"))
    machine.write("/etc/x", "edited")
    machine.remove()
    assert machine.path("/etc/x").read_text() == "edited"
    assert "changed by someone" in machine.warnings[0]


def test_what_was_removed_by_hand_is_no_trouble(machine: Any, file: Any, directory: Any) -> None:
    machine.apply(directory("/etc/d"), file("/etc/d/x"))
    machine.path("/etc/d/x").unlink()
    machine.path("/etc/d").rmdir()
    assert machine.remove()["removed"] == ["server-1/a"]


def test_a_foreign_file_is_refused_where_asked_and_nothing_is_left(machine: Any, file: Any) -> None:
    machine.write("/etc/x", "theirs")
    machine.write("/etc/other", "theirs")
    before = machine.picture()
    with pytest.raises(ForeignError, match="/etc/x"):
        machine.apply(file("/etc/other", "ours"), file("/etc/x", "ours", foreign="refuse"))
    assert machine.picture() == before


def test_drift_is_seen_and_repaired_without_touching_the_rest(machine: Any, file: Any) -> None:
    machine.apply(file("/etc/x"), file("/etc/y"))
    machine.path("/etc/x").chmod(0o666)
    observed = machine.ask("observe", items=[file("/etc/x"), file("/etc/y")])["facts"]
    assert observed["file /etc/x"]["mode"] == "0666"
    assert machine.apply(file("/etc/x"), file("/etc/y"))["changed"] == ["file /etc/x"]
    assert machine.path("/etc/x").stat().st_mode & 0o777 == 0o644


def test_an_absent_file_has_one_fact(machine: Any, file: Any) -> None:
    assert machine.ask("observe", items=[file("/etc/x")])["facts"] == {"file /etc/x": {"content": "absent"}}


def test_observing_needs_no_content(machine: Any, file: Any) -> None:
    machine.apply(file("/etc/x"))
    bare = {name: value for name, value in file("/etc/x").items() if name != "content"}
    assert machine.ask("observe", items=[bare])["facts"]["file /etc/x"]["content"].startswith("sha256:")
    with pytest.raises(RequestError, match="content"):
        machine.apply(bare)


def test_a_tree_goes_with_all_that_came_into_it(machine: Any, directory: Any) -> None:
    before = machine.picture()
    machine.apply(directory("/var/lib/x", tree=True))
    machine.write("/var/lib/x/a/b/c", "data")
    machine.path("/var/lib/x/link").symlink_to("/etc")
    machine.remove()
    assert machine.picture() == before


def test_a_tree_that_was_there_keeps_what_was_in_it(machine: Any, directory: Any) -> None:
    machine.write("/opt/x/theirs/file", "theirs")
    before = machine.picture()
    machine.apply(directory("/opt/x", tree=True, mode="0700"))
    machine.write("/opt/x/theirs/new", "new")
    machine.write("/opt/x/ours/deep/new", "new")
    machine.remove()
    assert machine.picture() == before


def test_a_plain_directory_with_something_foreign_in_it_stays(machine: Any, directory: Any) -> None:
    machine.apply(directory("/etc/d"))
    machine.write("/etc/d/theirs", "theirs")
    machine.remove()
    assert machine.path("/etc/d/theirs").exists()
    assert "is not empty" in machine.warnings[0]


def test_a_directory_left_to_others_shows_no_owner(machine: Any) -> None:
    item = {"type": "directory", "path": "/etc/d"}
    assert machine.ask("observe", items=[item])["facts"] == {"directory /etc/d": {"present": "absent"}}
    machine.path("/etc/d").mkdir(0o700)
    assert machine.apply(item)["facts"] == {"directory /etc/d": {"present": "yes"}}
    assert machine.path("/etc/d").stat().st_mode & 0o777 == 0o700


def test_a_half_written_file_goes_too(machine: Any, file: Any) -> None:
    before = machine.picture()
    machine.apply(file("/etc/x"))
    machine.write("/etc/.x.bareplane", "half")
    machine.remove()
    assert machine.picture() == before


def test_a_file_is_no_answer_to_a_directory(machine: Any, file: Any, directory: Any) -> None:
    machine.path("/etc/d").mkdir()
    with pytest.raises(ForeignError, match="directory"):
        machine.apply(file("/etc/d"))
    machine.write("/etc/f", "file")
    with pytest.raises(ForeignError, match="file is there"):
        machine.apply(directory("/etc/f"))
