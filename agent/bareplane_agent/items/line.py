"""A line in a file that others own, such as /etc/hosts."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from ..context import Context
from ..fields import Fields
from ..files import make_parents, read_bytes, remove_file, rewrite, write_file
from ..host import Host
from ..ledger import Entry, Note
from ..parents import parents_before, undo_parents
from .base import Facts, Item


@dataclass
class Line(Item):
    """Added at the end when it is not there; taken out again without a trace."""

    type = "line"

    path: str
    line: str

    @classmethod
    def parse(cls, fields: Fields) -> Line:
        return cls(path=fields.path("path"), line=fields.text("line", r"[^\x00\r\n]+"))

    @property
    def key(self) -> str:
        return f"line {self.path}: {self.line}"

    def observe(self, host: Host) -> Facts:
        data = read_bytes(host.path(self.path)) or b""
        return {"present": "yes" if self.line.encode() in data.split(b"\n") else "absent"}

    def expected(self) -> Facts:
        return {"present": "yes"}

    def record(self) -> dict[str, Any]:
        return {"path": self.path, "line": self.line}

    def before(self, host: Host, entry: Entry) -> dict[str, Any]:
        data = read_bytes(host.path(self.path))
        if data is None:
            return {"absent": True, "file": "absent", "parents": parents_before(self.path, host)}
        # Many entries may add lines to one file, so what is noted is only what taking the line out must restore.
        return {
            "absent": self.line.encode() not in data.split(b"\n"),
            "file": f"sha256:{sha256(data).hexdigest()}",
            "newline": data == b"" or data.endswith(b"\n"),
        }

    def apply(self, context: Context, facts: Facts) -> None:
        path = context.host.path(self.path)
        data = read_bytes(path)
        if data is None:
            make_parents(path)
            write_file(path, self.line.encode() + b"\n", "0644", "root:root")
        else:
            rewrite(path, with_line(data, self.line.encode()))

    @classmethod
    def undo(cls, note: Note, context: Context) -> None:
        path = context.host.path(note.record["path"])
        data = read_bytes(path)
        if note.absent and data is not None:
            alone = not _hand_over(note, data, context)
            newline = bool(note.before.get("newline", True))
            rest = without_line(data, note.record["line"].encode(), newline or not alone)
            if rest == b"" and note.before["file"] == "absent":
                remove_file(path)
            elif rest != data:
                rewrite(path, rest)
        undo_parents(note, context)


def _hand_over(own: Note, data: bytes, context: Context) -> bool:
    """Another line of ours is still in the file: how the file was before us is restored with that one."""
    lines = data.split(b"\n")
    for entry in [context.entry, *context.ledger.others(context.entry)]:
        for note in entry.notes:
            other = note.type == "line" and note is not own and note.record["path"] == own.record["path"]
            if other and note.absent and note.record["line"].encode() in lines:
                if own.before["file"] == "absent":
                    note.before["file"] = "absent"
                if not own.before.get("newline", True):
                    note.before["newline"] = False
                if entry is not context.entry:
                    entry.write()
                return True
    return False


def with_line(data: bytes, line: bytes) -> bytes:
    """The file with the line at its end."""
    gap = b"" if data == b"" or data.endswith(b"\n") else b"\n"
    return data + gap + line + b"\n"


def without_line(data: bytes, line: bytes, newline: bool) -> bytes:
    """The file without the last occurrence of the line. `newline`: whether it ended in one before the line came.

    When the line is still where it was put, at the end, the bytes are those from before; elsewhere only it goes.
    """
    lines = data.split(b"\n")
    if line not in lines:
        return data
    place = len(lines) - 1 - lines[::-1].index(line)
    at_end = place == len(lines) - 2 and lines[-1] == b""
    del lines[place]
    rest = b"\n".join(lines)
    if at_end and not newline and rest.endswith(b"\n"):
        return rest[:-1]
    return rest
