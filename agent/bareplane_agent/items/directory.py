"""A directory with its mode and owner; with `tree`, also everything that comes to be in it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

from ..context import Context
from ..errors import ForeignError
from ..fields import ACCOUNT, Fields
from ..files import look, make_parents, owner_ids
from ..host import Host
from ..ledger import HOME, Entry, Note
from ..parents import hand_over, parents_before, remove_folder, undo_parents
from ..trees import listing, remove_tree
from .base import Facts, Item


@dataclass
class Directory(Item):
    """Undo removes it if we made it and it is empty; with `tree`, together with all that was not there before us.

    Without mode and owner in the request (`owned` false) it is made as root's, and then theirs to change who use it.
    """

    type = "directory"

    path: str
    mode: str
    owner: str
    owned: bool
    tree: bool

    @classmethod
    def parse(cls, fields: Fields) -> Directory:
        return cls(
            path=fields.path("path"),
            owned=fields.has("mode") or fields.has("owner") or fields.has("group"),
            mode=fields.mode("mode", "0755"),
            owner=f"{fields.text('owner', ACCOUNT, 'root')}:{fields.text('group', ACCOUNT, 'root')}",
            tree=fields.flag("tree", False),
        )

    @property
    def key(self) -> str:
        return f"directory {self.path}"

    def observe(self, host: Host) -> Facts:
        seen = look(host.path(self.path))
        if seen.what != "directory":
            return {"present": "absent" if seen.what == "absent" else seen.what}
        return {"present": "yes", "mode": seen.mode, "owner": seen.owner} if self.owned else {"present": "yes"}

    def expected(self) -> Facts:
        return {"present": "yes", "mode": self.mode, "owner": self.owner} if self.owned else {"present": "yes"}

    def record(self) -> dict[str, Any]:
        return {"path": self.path, "tree": self.tree}

    def ours(self) -> str | None:
        return f"{self.mode} {self.owner}" if self.owned else None

    def before(self, host: Host, entry: Entry) -> dict[str, Any]:
        path = host.path(self.path)
        seen = look(path)
        if seen.what == "absent":
            return {"absent": True, "parents": parents_before(self.path, host)}
        if seen.what != "directory":
            raise ForeignError(f"making directory {self.path}: a {seen.what} is there; move it away", self.key)
        return {"mode": seen.mode, "owner": seen.owner, "listing": listing(path) if self.tree else []}

    def apply(self, context: Context, facts: Facts) -> None:
        path = context.host.path(self.path)
        made = facts.get("present") != "yes"
        if made:
            make_parents(path)
            # The ledger's own home may exist since the intent was written.
            os.makedirs(path, 0o700, exist_ok=True)
        if made or self.owned:
            os.chown(path, *owner_ids(self.owner))
            os.chmod(path, int(self.mode, 8))

    @classmethod
    def undo(cls, note: Note, context: Context) -> None:
        name: str = note.record["path"]
        path = context.host.path(name)
        seen = look(path)
        if seen.what == "directory":
            _undo_directory(note, path, f"{seen.mode} {seen.owner}", context)
        elif seen.what != "absent":
            context.warn(f"{name} is a {seen.what} now, which is not ours; it stays", note.key)
        undo_parents(note, context)


def _undo_directory(note: Note, path: str, now: str, context: Context) -> None:
    name: str = note.record["path"]
    if name == HOME:
        # The ledger in it is still being read; it removes itself, and this directory, with its last entry.
        _empty(path, [child for child in sorted(os.listdir(path)) if child != "ledger"], context)
    elif not note.absent:
        if note.record["tree"]:
            remove_tree(path, context.host, keep=frozenset(note.before["listing"]), itself=False)
        if now in note.ours:
            os.chown(path, *owner_ids(note.before["owner"]))
            os.chmod(path, int(note.before["mode"], 8))
    elif note.record["tree"]:
        context.progress(f"removing {name}")
        remove_tree(path, context.host)
    elif not remove_folder(path) and not hand_over(name, note, context):
        context.warn(f"{name} was made by us and is not empty; what others put there keeps it", note.key)


def _empty(path: str, children: list[str], context: Context) -> None:
    for child in children:
        place = os.path.join(path, child)
        if look(place).what == "directory":
            remove_tree(place, context.host)
        else:
            os.unlink(place)
