"""Whose is what, and what a second run makes of a first."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bareplane_agent.errors import AgentError, CutError, ForeignOwnerError, UndoError
from bareplane_agent.items.file import File
from bareplane_agent.ledger import Ledger


def entry_file(machine: Any, name: str = "server-1%2Fa") -> Path:
    return machine.path(f"/var/lib/bareplane/ledger/{name}/entry.json")


def test_another_owner_is_refused_by_name(machine: Any, file: Any) -> None:
    machine.apply(file("/etc/x"))
    before = machine.traces()
    for operation in ("apply", "remove"):
        with pytest.raises(ForeignOwnerError, match="belongs to me, not to you"):
            machine.ask(operation, owner="you")
    with pytest.raises(ForeignOwnerError, match="in use by me"):
        machine.ask("apply", owner="you", entry="server-1/b", exclusive=True)
    assert machine.traces() == before


def test_an_unknown_entry_is_removed_with_success(machine: Any) -> None:
    assert machine.remove("never/was") == {"removed": []}


def test_the_ledger_is_for_root_alone_and_goes_with_its_last_entry(machine: Any, file: Any) -> None:
    machine.apply(file("/etc/x"), entry="one")
    machine.apply(file("/etc/y"), entry="two")
    assert entry_file(machine, "one").stat().st_mode & 0o777 == 0o600
    machine.remove("one")
    assert machine.path("/var/lib/bareplane").exists()
    machine.remove("two")
    assert not machine.path("/var/lib/bareplane").exists()


def test_the_home_of_the_ledger_may_be_an_item(machine: Any, file: Any, directory: Any) -> None:
    before = machine.picture()
    machine.apply(directory("/var/lib/bareplane", mode="0700", tree=True), entry="machine")
    machine.write("/var/lib/bareplane/work/x", "left behind")
    machine.apply(file("/etc/y"), entry="two")
    machine.ask("sweep")
    assert machine.picture() == before


def test_sweep_takes_the_newest_first_and_only_the_owners(machine: Any, file: Any) -> None:
    machine.apply(file("/etc/1"), entry="one")
    machine.apply(file("/etc/2"), entry="two", owner="you")
    machine.apply(file("/etc/3"), entry="three")
    assert machine.ask("sweep")["removed"] == ["three", "one"]
    assert [entry["name"] for entry in machine.ask("entries")["entries"]] == ["two"]


def test_secrets_are_not_in_the_ledger(machine: Any, file: Any) -> None:
    machine.apply(file("/etc/x", "geheim", mode="0600", sensitive=True))
    assert "geheim" not in entry_file(machine).read_text()
    assert file("/etc/x", "geheim")["content"] not in entry_file(machine).read_text()
    assert "geheim" not in json.dumps(machine.said)


def test_items_no_longer_wished_for_are_undone(machine: Any, file: Any) -> None:
    machine.write("/etc/x", "theirs")
    machine.apply(file("/etc/x", "ours"), file("/etc/y"))
    machine.apply(file("/etc/y"))
    assert machine.path("/etc/x").read_text() == "theirs"
    assert machine.ask("entries")["entries"][0]["items"] == ["file /etc/y"]


def test_a_failed_run_is_taken_up_and_keeps_the_first_originals(
    machine: Any, file: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.write("/etc/x", "theirs")
    before = machine.picture()
    real = File.apply

    def failing(self: File, context: Any, facts: Any) -> None:
        if self.path == "/etc/y":
            raise OSError(28, "No space left on device", self.path)
        real(self, context, facts)

    monkeypatch.setattr(File, "apply", failing)
    with pytest.raises(AgentError, match="No space left"):
        machine.apply(file("/etc/x", "ours"), file("/etc/y"))
    monkeypatch.undo()
    assert machine.ask("entries")["entries"][0]["state"] == "intent"
    assert machine.apply(file("/etc/x", "ours"), file("/etc/y"))["changed"] == ["file /etc/y"]
    machine.remove()
    assert machine.picture() == before


def test_what_a_cut_run_changed_still_counts_as_changed(machine: Any, file: Any) -> None:
    """Else a file written by a run that was cut before its restart would never reach the daemon."""
    marker = str(machine.path("/etc/marker"))
    items = [
        file("/etc/conf"),
        {
            "type": "command",
            "name": "reload",
            "argv": ["sh", "-c", f"echo x >> {marker}"],
            "rerun_on": ["file /etc/conf"],
        },
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bareplane_agent.items.command.Command.apply", lambda *_: (_ for _ in ()).throw(CutError("cut")))
        with pytest.raises(CutError):
            machine.apply(*items)
    assert machine.path("/etc/conf").exists()
    machine.apply(*items)
    assert Path(marker).read_text() == "x\n"
    machine.apply(*items)
    assert Path(marker).read_text() == "x\n"


def test_a_removal_that_stopped_goes_on(machine: Any, file: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    before = machine.picture()
    machine.apply(file("/etc/1"), file("/etc/2"), file("/etc/3"))
    real = File.undo.__func__

    def failing(cls: type[File], note: Any, context: Any) -> None:
        if note.key == "file /etc/2":
            raise OSError(16, "Device or resource busy", "/etc/2")
        real(cls, note, context)

    monkeypatch.setattr(File, "undo", classmethod(failing))
    with pytest.raises(UndoError, match="/etc/2"):
        machine.remove()
    monkeypatch.undo()
    assert machine.ask("entries")["entries"][0]["items"] == ["file /etc/1", "file /etc/2"]
    assert machine.path("/etc/1").exists()
    machine.remove()
    assert machine.picture() == before


@pytest.mark.parametrize("order", [("one", "two"), ("two", "one")])
def test_entries_that_share_a_file_leave_the_original(machine: Any, file: Any, order: tuple[str, str]) -> None:
    machine.write("/etc/x", "theirs")
    before = machine.picture()
    machine.apply(file("/etc/x", "first"), entry="one")
    machine.apply(file("/etc/x", "second"), entry="two")
    for name in order:
        machine.remove(name)
    assert machine.picture() == before


@pytest.mark.parametrize("order", [("one", "two"), ("two", "one")])
def test_a_parent_made_for_two_entries_goes_with_the_last(machine: Any, file: Any, order: tuple[str, str]) -> None:
    before = machine.picture()
    machine.apply(file("/etc/new/x"), entry="one")
    machine.apply(file("/etc/new/y"), entry="two")
    for name in order:
        machine.remove(name)
    assert machine.picture() == before


def test_a_damaged_entry_is_named(machine: Any, file: Any) -> None:
    machine.apply(file("/etc/x"))
    entry_file(machine).write_text("{")
    with pytest.raises(AgentError, match=r"server-1%2Fa/entry\.json is damaged"):
        machine.remove()


def test_a_directory_without_a_record_is_no_entry(machine: Any, file: Any) -> None:
    machine.path("/var/lib/bareplane/ledger/half/saved").mkdir(parents=True)
    assert machine.ask("entries") == {"entries": []}
    machine.apply(file("/etc/x"))
    machine.remove()
    assert not machine.path("/var/lib/bareplane").exists()


def test_reading_the_ledger_makes_nothing(machine: Any) -> None:
    from bareplane_agent.host import Host

    assert Ledger(Host(str(machine.root))).entries() == []
    assert machine.ask("observe", items=[])["entry"] is None
    assert not machine.path("/var/lib/bareplane").exists()
