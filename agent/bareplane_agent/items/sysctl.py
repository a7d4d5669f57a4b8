"""A kernel parameter, set for the running system; a file in /etc/sysctl.d keeps it over a restart."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import AbstractSet, Any

from ..context import Context
from ..errors import AgentError
from ..fields import Fields
from ..host import Host
from ..ledger import Entry, Note
from .base import Facts, Item, difference

KEY = r"[A-Za-z0-9_-]+([./][A-Za-z0-9_.@-]+)*"


@dataclass
class Sysctl(Item):
    """`required: false`: where the machine does not let it be set, that is a warning and no difference."""

    type = "sysctl"

    name: str
    value: str
    required: bool

    @classmethod
    def parse(cls, fields: Fields) -> Sysctl:
        name = fields.text("key", KEY)
        if "" in re.split("[./]", name):
            raise fields.wrong("key", f"is {name!r}, which is not a kernel parameter")
        return cls(name, plain(fields.text("value")), fields.flag("required", True))

    @property
    def key(self) -> str:
        return f"sysctl {self.name}"

    def observe(self, host: Host) -> Facts:
        return {"value": read(self.name, host)}

    def expected(self) -> Facts:
        return {"value": self.value}

    def differs(self, facts: Facts, changed: AbstractSet[str], host: Host) -> bool:
        return difference(facts, self.expected()) is not None

    def settled(self, facts: Facts) -> str | None:
        return difference(facts, self.expected()) if self.required else None

    def record(self) -> dict[str, Any]:
        return {"name": self.name}

    def ours(self) -> str:
        return self.value

    def before(self, host: Host, entry: Entry) -> dict[str, Any]:
        return {"value": read(self.name, host)}

    def apply(self, context: Context, facts: Facts) -> None:
        try:
            write(self.name, self.value, context.host)
        except OSError as error:
            said = f"setting {self.name} to {self.value} (it is {facts['value']}): {error.strerror}"
            if self.required:
                raise AgentError(f"{said}; it is needed, set it on the machine", self.key) from error
            context.warn(said, self.key)

    @classmethod
    def undo(cls, note: Note, context: Context) -> None:
        name, value = note.record["name"], note.before["value"]
        now = read(name, context.host)
        if now == value or value in ("absent", "unreadable") or now not in note.ours:
            return
        try:
            write(name, value, context.host)
        except OSError as error:
            context.warn(f"setting {name} back to {value}: {error.strerror}", note.key)


def place(name: str, host: Host) -> str:
    """With slashes the name is a path already: an interface's name may hold a dot."""
    return host.path("/proc/sys/" + (name if "/" in name else name.replace(".", "/")))


def plain(value: str) -> str:
    """The kernel separates numbers by tabs."""
    return " ".join(value.split())


def read(name: str, host: Host) -> str:
    try:
        with open(place(name, host), encoding="utf-8") as file:
            return plain(file.read())
    except FileNotFoundError:
        return "absent"
    except OSError:
        return "unreadable"


def write(name: str, value: str, host: Host) -> None:
    with open(place(name, host), "w", encoding="utf-8") as file:
        file.write(value)
