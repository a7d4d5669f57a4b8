"""A kernel module."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

from ..context import Context
from ..errors import AgentError
from ..fields import Fields
from ..files import read_text
from ..host import Host
from ..ledger import Entry, Note
from .base import Facts, Item


@dataclass
class Module(Item):
    """`required: false`: where it cannot be loaded, that is a warning and no difference."""

    type = "module"

    name: str
    required: bool

    @classmethod
    def parse(cls, fields: Fields) -> Module:
        return cls(fields.text("name", r"[A-Za-z0-9_][A-Za-z0-9_-]*"), fields.flag("required", True))

    @property
    def key(self) -> str:
        return f"module {self.name}"

    def observe(self, host: Host) -> Facts:
        return {"loaded": "yes" if loaded(self.name, host) else "absent"}

    def expected(self) -> Facts:
        return {"loaded": "yes"}

    def settled(self, facts: Facts) -> str | None:
        return super().settled(facts) if self.required else None

    def record(self) -> dict[str, Any]:
        return {"name": self.name}

    def before(self, host: Host, entry: Entry) -> dict[str, Any]:
        return {"absent": not loaded(self.name, host)}

    def apply(self, context: Context, facts: Facts) -> None:
        said = ""
        if context.host.find("modprobe") is None:
            said = f"loading module {self.name}: there is no modprobe on this machine"
        else:
            done = context.host.run(["modprobe", "--", self.name], timeout=30)
            if done.code != 0:
                said = f"loading module {self.name}: {done.last_lines()}"
        if said and self.required:
            raise AgentError(said, self.key)
        if said:
            context.warn(said, self.key)

    @classmethod
    def undo(cls, note: Note, context: Context) -> None:
        name = note.record["name"]
        if not note.absent or not loaded(name, context.host):
            return
        done = context.host.run(["modprobe", "--remove", "--", name], timeout=30)
        if done.code != 0:
            context.warn(f"unloading module {name}: {done.last_lines()}; it stays loaded until a restart", note.key)


# A module built into the kernel without parameters shows nowhere in /sys/module; what it provides does.
PROVIDES = {"br_netfilter": "/proc/sys/net/bridge", "nf_conntrack": "/proc/sys/net/netfilter"}


def loaded(name: str, host: Host) -> bool:
    """Loaded, or built into the kernel."""
    if os.path.isdir(host.path(f"/sys/module/{name.replace('-', '_')}")):
        return True
    if name in PROVIDES:
        return os.path.exists(host.path(PROVIDES[name]))
    return name in read_text(host.path("/proc/filesystems")).split()
