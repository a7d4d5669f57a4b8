"""A symbolic link."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

from .. import systemd
from ..context import Context
from ..errors import ForeignError
from ..fields import Fields
from ..files import look, make_parents, remove_file, temporary_name
from ..host import Host
from ..ledger import Entry, Note
from ..parents import parents_before, undo_parents
from .base import Facts, Item
from .file import original, restore


@dataclass
class Symlink(Item):
    """A link to a target, which need not exist."""

    type = "symlink"

    path: str
    target: str

    @classmethod
    def parse(cls, fields: Fields) -> Symlink:
        return cls(path=fields.path("path"), target=fields.text("target", r"[^\x00-\x1f]+"))

    @property
    def key(self) -> str:
        return f"symlink {self.path}"

    def observe(self, host: Host) -> Facts:
        seen = look(host.path(self.path))
        return {"target": seen.target if seen.what == "symlink" else seen.what}

    def expected(self) -> Facts:
        return {"target": self.target}

    def record(self) -> dict[str, Any]:
        return {"path": self.path}

    def ours(self) -> str:
        return f"symlink:{self.target}"

    def before(self, host: Host, entry: Entry) -> dict[str, Any]:
        path = host.path(self.path)
        seen = look(path)
        if seen.what == "absent":
            return {"absent": True, "parents": parents_before(self.path, host)}
        if seen.what in ("directory", "other"):
            raise ForeignError(f"linking {self.path}: a {seen.what} is there; move it away", self.key)
        return original(path, seen, entry)

    def apply(self, context: Context, facts: Facts) -> None:
        path = context.host.path(self.path)
        if systemd.is_unit_path(self.path):
            context.reload = True
        make_parents(path)
        temporary = temporary_name(path)
        remove_file(temporary)
        os.symlink(self.target, temporary)
        os.rename(temporary, path)

    @classmethod
    def undo(cls, note: Note, context: Context) -> None:
        path = context.host.path(note.record["path"])
        if systemd.is_unit_path(note.record["path"]):
            context.reload = True
        remove_file(temporary_name(path))
        if not note.absent:
            restore(note, path, context)
        elif look(path).what == "symlink":
            remove_file(path)
        elif look(path).what != "absent":
            context.warn(f"{note.record['path']} is not a link any more, so it is not ours; it stays", note.key)
        undo_parents(note, context)
