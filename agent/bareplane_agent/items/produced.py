"""What a command makes: paths, some of them certificates."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

from ..certificates import Wanted, certificate_facts, kubeconfig_facts
from ..context import Context
from ..fields import Fields
from ..files import look, read_bytes, remove_file
from ..host import Host
from ..ledger import Entry, Note
from ..trees import listing, remove_tree
from .base import Facts
from .file import original, restore

GOOD = {"issuer": ("ok", "not-checked"), "key": ("matches",), "life": ("ok",)}


@dataclass(frozen=True)
class Produced:
    """One path, and how to judge it. `key`: where the key of a certificate is."""

    path: str
    check: str
    ca: str | None
    key: str | None
    tree: bool

    @classmethod
    def parse(cls, value: object, what: str) -> Produced:
        fields = Fields(value, what)
        made = cls(
            path=fields.path("path"),
            check=fields.one_of("check", ("none", "certificate", "kubeconfig"), "none"),
            ca=fields.optional_path("ca"),
            key=fields.optional_path("key"),
            tree=fields.flag("tree", False),
        )
        fields.finish()
        return made

    def observe(self, host: Host) -> Facts:
        path = host.path(self.path)
        seen = look(path)
        if seen.what == "absent":
            return {"present": "absent"}
        facts = {"present": "yes", "mode": seen.mode, "owner": seen.owner}
        if self.check == "certificate":
            key = read_bytes(host.path(self.key)) if self.key else None
            found = certificate_facts(Wanted(read_bytes(path) or b"", key, self.ca), host)
            if self.key is None:
                found.pop("key", None)
            facts.update(found)
        elif self.check == "kubeconfig":
            facts.update(kubeconfig_facts(self.path, self.ca, host))
        return facts

    def wrong(self, facts: Facts) -> str | None:
        """What is the matter with it, in words."""
        if facts.get("present") != "yes":
            return f"{self.path} is absent"
        if self.check == "none":
            return None
        for name, good in GOOD.items():
            value = facts.get(name)
            if value not in good and not (name == "key" and value is None and self.key is None):
                return f"{self.path}: {name} is {value or 'unknown'}"
        return None

    def before(self, host: Host, entry: Entry) -> dict[str, Any]:
        path = host.path(self.path)
        seen = look(path)
        if seen.what == "absent":
            return {"absent": True}
        if seen.what == "directory":
            return {"mode": seen.mode, "owner": seen.owner, "listing": listing(path)}
        return original(path, seen, entry)

    def remove(self, host: Host) -> None:
        """Make room for a new one."""
        path = host.path(self.path)
        if look(path).what == "directory":
            remove_tree(path, host)
        else:
            remove_file(path)


def undo_produced(path: str, before: dict[str, Any], ours: list[str], key: str, context: Context) -> None:
    """Delete what a command made, or bring back what it replaced."""
    real = context.host.path(path)
    now = look(real)
    if before.get("absent"):
        if now.what == "directory":
            context.progress(f"removing {path}")
            remove_tree(real, context.host)
        elif now.what != "absent":
            os.unlink(real)
    elif "listing" in before:
        if now.what == "directory":
            remove_tree(real, context.host, keep=frozenset(before["listing"]), itself=False)
    else:
        restore(Note("file", key, {"path": path}, before, ours), real, context)
