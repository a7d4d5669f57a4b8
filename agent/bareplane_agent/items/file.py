"""A file with its content, mode and owner."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from .. import systemd
from ..context import Context
from ..errors import ForeignError
from ..fields import ACCOUNT, SHA256, Fields
from ..files import (
    Seen,
    content_of,
    look,
    make_parents,
    open_new,
    owner_ids,
    put_in_place,
    remove_file,
    temporary_name,
    write_file,
)
from ..host import Host
from ..ledger import Entry, Note
from ..parents import parents_before, undo_parents
from .base import Facts, Item


@dataclass
class File(Item):
    """Content comes with the request or, when big, as a blob named by its sha256."""

    type = "file"

    path: str
    content: bytes | None = field(repr=False)
    blob: str | None
    mode: str
    owner: str
    refuse: bool
    sensitive: bool

    @classmethod
    def parse(cls, fields: Fields) -> File:
        content, blob = fields.optional_bytes("content"), fields.optional_text("upload", SHA256)
        if (content is None) == (blob is None) and not (fields.observing and content is None):
            raise fields.wrong("content", "or 'upload' must be given, and not both")
        return cls(
            path=fields.path("path"),
            content=content,
            blob=blob,
            mode=fields.mode("mode", "0755" if blob else "0644"),
            owner=f"{fields.text('owner', ACCOUNT, 'root')}:{fields.text('group', ACCOUNT, 'root')}",
            refuse=fields.one_of("foreign", ("replace", "refuse"), "replace") == "refuse",
            sensitive=fields.flag("sensitive", False),
        )

    @property
    def key(self) -> str:
        return f"file {self.path}"

    @property
    def sum(self) -> str:
        return "sha256:" + (self.blob or sha256(self.content or b"").hexdigest())

    def observe(self, host: Host) -> Facts:
        path = host.path(self.path)
        seen = look(path)
        if seen.what == "absent":
            return {"content": "absent"}
        return {"content": content_of(path, seen), "mode": seen.mode, "owner": seen.owner}

    def expected(self) -> Facts:
        return {"content": self.sum, "mode": self.mode, "owner": self.owner}

    def upload(self, facts: Facts) -> str | None:
        return self.blob if facts.get("content") != self.sum else None

    def record(self) -> dict[str, Any]:
        return {"path": self.path}

    def ours(self) -> str:
        return self.sum

    def before(self, host: Host, entry: Entry) -> dict[str, Any]:
        path = host.path(self.path)
        seen = look(path)
        if seen.what == "absent":
            return {"absent": True, "parents": parents_before(self.path, host)}
        if seen.what in ("directory", "other"):
            raise ForeignError(f"writing {self.path}: there is a {seen.what} at that path; move it away", self.key)
        content = content_of(path, seen)
        if self.refuse and content != self.sum:
            raise ForeignError(
                f"writing {self.path}: a file that is not ours is there; move it away, and run again", self.key
            )
        return original(path, seen, entry)

    def apply(self, context: Context, facts: Facts) -> None:
        path = context.host.path(self.path)
        if systemd.is_unit_path(self.path):
            context.reload = True
        if facts.get("content") == self.sum:
            # Ownership first: chown clears set-id bits of the mode.
            os.chown(path, *owner_ids(self.owner), follow_symlinks=False)
            os.chmod(path, int(self.mode, 8))
            return
        context.progress(f"writing {self.path}")
        make_parents(path)
        temporary = temporary_name(path)
        if self.content is not None:
            with open_new(temporary) as file:
                file.write(self.content)
                file.flush()
                os.fsync(file.fileno())
        else:
            assert self.blob is not None
            context.blobs.receive(self.blob, temporary)
        put_in_place(temporary, path, self.mode, self.owner)
        if self.blob is not None:
            context.blobs.arrived(self.blob, path)

    @classmethod
    def undo(cls, note: Note, context: Context) -> None:
        path = context.host.path(note.record["path"])
        if systemd.is_unit_path(note.record["path"]):
            context.reload = True
        remove_file(temporary_name(path))
        if note.absent:
            if look(path).what == "directory":
                context.warn(f"{note.record['path']} is a directory now, which is not ours; it stays", note.key)
            else:
                remove_file(path)
        else:
            restore(note, path, context)
        undo_parents(note, context)


def original(path: str, seen: Seen, entry: Entry) -> dict[str, Any]:
    """What stands at `path` before us, kept in the entry for `restore`."""
    kept: dict[str, Any] = {"content": content_of(path, seen), "mode": seen.mode, "owner": seen.owner}
    if seen.what == "symlink":
        return {**kept, "target": seen.target}
    return {**kept, "saved": entry.save(path)}


def restore(note: Note, path: str, context: Context) -> None:
    """Put the saved original back, if what is there now is what we put there."""
    before, seen = note.before, look(path)
    content = content_of(path, seen)
    if content == before["content"]:
        if seen.what == "file":
            os.chown(path, *owner_ids(before["owner"]))
            os.chmod(path, int(before["mode"], 8))
    elif content not in note.ours:
        context.warn(f"{note.record['path']} was changed by someone after us; it stays as it is", note.key)
    elif "target" in before:
        remove_file(path)
        os.symlink(before["target"], path)
    else:
        with open(context.entry.saved(before["saved"]), "rb") as file:
            write_file(path, file.read(), before["mode"], before["owner"])
