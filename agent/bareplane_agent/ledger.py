"""The record, kept on the machine, of everything bareplane put there or changed, by entry."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass, field
from typing import Any, Iterator, cast
from urllib.parse import quote

from .errors import AgentError, ForeignOwnerError
from .files import copy_file, open_new, temporary_name
from .host import Host

HOME = "/var/lib/bareplane"
LEDGER = HOME + "/ledger"


@dataclass
class Note:
    """One item of an entry. `before` is written once; `ours` lists what we made of it, newest last.

    `made`: facts that were so when the item was last applied, of items whose request does not say what they should be.
    """

    type: str
    key: str
    record: dict[str, Any]
    before: dict[str, Any]
    ours: list[str] = field(default_factory=list[str])
    made: dict[str, dict[str, str]] = field(default_factory=dict[str, "dict[str, str]"])

    @property
    def absent(self) -> bool:
        """There was nothing before us."""
        return bool(self.before.get("absent"))


@dataclass
class Entry:
    """What one resource of one stack did to this machine.

    `pending`: keys that differed when the last run began. `written`: when, in seconds of the machine's clock.
    """

    name: str
    owner: str
    sequence: int
    folder: str
    state: str = "intent"
    pending: list[str] = field(default_factory=list[str])
    notes: list[Note] = field(default_factory=list[Note])
    written: int = 0

    def note(self, key: str) -> Note | None:
        return next((note for note in self.notes if note.key == key), None)

    def write(self) -> None:
        """Atomically; it is on disk when this returns."""
        os.makedirs(self.folder, mode=0o700, exist_ok=True)
        document = {
            "entry": self.name,
            "owner": self.owner,
            "sequence": self.sequence,
            "state": self.state,
            "pending": self.pending,
            "notes": [vars(note) for note in self.notes],
        }
        path = os.path.join(self.folder, "entry.json")
        temporary = temporary_name(path)
        with open_new(temporary) as file:
            file.write(json.dumps(document, sort_keys=True, indent=1).encode())
            file.flush()
            os.fsync(file.fileno())
            self.written = int(os.fstat(file.fileno()).st_mtime)
        os.rename(temporary, path)
        _sync_folder(self.folder)

    def save(self, source: str) -> str:
        """Keep a copy of an original; answers the name it has in this entry."""
        folder = os.path.join(self.folder, "saved")
        os.makedirs(folder, mode=0o700, exist_ok=True)
        numbers = [int(name) for name in os.listdir(folder) if name.isdigit()]
        name = str(max(numbers, default=0) + 1)
        copy_file(source, os.path.join(folder, name))
        return name

    def saved(self, name: str) -> str:
        """Where a saved original is."""
        return os.path.join(self.folder, "saved", name)


class Ledger:
    """All entries on this machine."""

    def __init__(self, host: Host) -> None:
        self._folder = host.path(LEDGER)
        self._home = host.path(HOME)
        self._entries: dict[str, Entry] | None = None

    def entries(self) -> list[Entry]:
        """Oldest first."""
        if self._entries is None:
            self._entries = {entry.name: entry for entry in self._read()}
        return sorted(self._entries.values(), key=lambda entry: entry.sequence)

    def _read(self) -> Iterator[Entry]:
        if not os.path.isdir(self._folder):
            return
        for name in sorted(os.listdir(self._folder)):
            folder = os.path.join(self._folder, name)
            path = os.path.join(folder, "entry.json")
            try:
                with open(path, encoding="utf-8") as file:
                    written = int(os.fstat(file.fileno()).st_mtime)
                    yield _parse(cast("dict[str, Any]", json.load(file)), folder, written)
            except FileNotFoundError:
                # Either it is being removed by somebody now, or it was being made when the machine stopped:
                # nothing was changed under it.
                continue
            except (ValueError, KeyError, TypeError) as error:
                raise AgentError(f"reading the ledger: {path} is damaged ({error}); restore it or remove it") from error

    def find(self, name: str) -> Entry | None:
        return next((entry for entry in self.entries() if entry.name == name), None)

    def owned(self, name: str, owner: str) -> Entry | None:
        """The entry of that name if there is one; refuses another owner's."""
        entry = self.find(name)
        if entry is not None and entry.owner != owner:
            raise ForeignOwnerError(
                f"entry {name} on this machine belongs to {entry.owner}, not to {owner}; "
                "remove it with the stack that owns it"
            )
        return entry

    def check_exclusive(self, owner: str) -> None:
        """Nobody else has anything on this machine."""
        for entry in self.entries():
            if entry.owner != owner:
                raise ForeignOwnerError(
                    f"this machine is in use by {entry.owner} (entry {entry.name}), so {owner} may not take it; "
                    "destroy that stack, or use another machine"
                )

    def open(self, name: str, owner: str) -> Entry:
        """The entry of that name, new in memory when there is none; nothing is written yet."""
        entry = self.owned(name, owner)
        if entry is None:
            sequence = max((other.sequence for other in self.entries()), default=0) + 1
            entry = Entry(name, owner, sequence, os.path.join(self._folder, quote(name, safe="")))
            if self._entries is not None:
                self._entries[name] = entry
        return entry

    def later_holder(self, entry: Entry, key: str) -> tuple[Entry, Note] | None:
        """The next younger entry that also noted this item."""
        for other in self.entries():
            note = other.note(key) if other.sequence > entry.sequence else None
            if note is not None:
                return other, note
        return None

    def others(self, entry: Entry) -> list[Entry]:
        return [other for other in self.entries() if other.name != entry.name]

    def drop(self, entry: Entry) -> None:
        """Forget an entry; with the last one goes the ledger."""
        shutil.rmtree(entry.folder)
        if self._entries is not None:
            self._entries.pop(entry.name, None)
        self.tidy()

    def abandon(self, entry: Entry) -> None:
        """An entry that could not be written for the first time leaves nothing, nor the originals it saved."""
        if os.path.exists(os.path.join(entry.folder, "entry.json")):
            return
        shutil.rmtree(entry.folder, ignore_errors=True)
        if self._entries is not None:
            self._entries.pop(entry.name, None)
        self.tidy()

    def tidy(self) -> None:
        """Remove the ledger itself when nothing is in it, also what a crash in `drop` left."""
        if self.entries() or not os.path.isdir(self._home):
            return
        shutil.rmtree(self._folder, ignore_errors=True)
        if not os.listdir(self._home):
            os.rmdir(self._home)


def _parse(document: dict[str, Any], folder: str, written: int) -> Entry:
    notes = [Note(**note) for note in document["notes"]]
    return Entry(
        document["entry"],
        document["owner"],
        document["sequence"],
        folder,
        document["state"],
        document["pending"],
        notes,
        written,
    )


def _sync_folder(folder: str) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
