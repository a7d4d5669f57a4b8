"""What a command makes: paths, some of them certificates, some with content that only the command knows."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

from ..certificates import Wanted, certificate_facts, kubeconfig_facts
from ..context import Context
from ..fields import Fields
from ..files import content_of, look, owner_ids, read_bytes, remove_file
from ..host import Host
from ..ledger import Entry, Note
from ..trees import listing, remove_tree
from .base import Facts
from .file import original, restore

GOOD = {"issuer": ("ok", "not-checked"), "key": ("matches",), "authority": ("ok",), "life": ("ok",)}
# What is repaired where it stands, without making the thing anew.
ATTRIBUTES = ("mode", "owner")
# Otherwise right is what the command made when it last ran.
KEPT = ("content", "server", "subject", "sans", *ATTRIBUTES)


@dataclass(frozen=True)
class Produced:
    """One path, and how to judge it. `key`: where the key of a certificate is, which is removed with it.

    `renewed`: something on the machine renews the certificate by itself, late in its life.
    """

    path: str
    check: str
    ca: str | None
    key: str | None
    tree: bool
    renewed: bool

    @classmethod
    def parse(cls, value: object, what: str) -> Produced:
        fields = Fields(value, what)
        made = cls(
            path=fields.path("path"),
            check=fields.one_of("check", ("none", "content", "certificate", "kubeconfig"), "none"),
            ca=fields.optional_path("ca"),
            key=fields.optional_path("key"),
            tree=fields.flag("tree", False),
            renewed=fields.flag("renewed", False),
        )
        fields.finish()
        return made

    def observe(self, host: Host) -> Facts:
        path = host.path(self.path)
        seen = look(path)
        if seen.what == "absent":
            return {"present": "absent"}
        facts = {"present": "yes", "mode": seen.mode, "owner": seen.owner}
        if self.check == "content":
            facts["content"] = content_of(path, seen)
        elif self.check == "certificate":
            key = read_bytes(host.path(self.key)) if self.key else None
            found = certificate_facts(Wanted(read_bytes(path) or b"", key, self.ca, self.renewed), host)
            if self.key is None:
                found.pop("key", None)
            facts.update(found)
        elif self.check == "kubeconfig":
            facts.update(kubeconfig_facts(self.path, self.ca, host, renewed=self.renewed))
        return facts

    def wrong(self, facts: Facts, made: Facts) -> str | None:
        """Why it has to be made anew, in words; `made` is how the command left it."""
        if facts.get("present") != "yes":
            return f"{self.path} is absent"
        for name, value in facts.items():
            good = GOOD.get(name)
            if good is not None and value not in good:
                return f"{self.path}: {name} is {value}"
        for name, value in made.items():
            if name not in ATTRIBUTES and facts.get(name) != value:
                return f"{self.path}: {name} is {facts.get(name, 'unknown')}, not {value}"
        return None

    def misplaced(self, facts: Facts, made: Facts) -> bool:
        """Whether mode or owner were changed since."""
        return any(facts.get(name) != made[name] for name in ATTRIBUTES if name in made)

    def put_right(self, made: Facts, host: Host) -> None:
        """Mode and owner as they were made."""
        path = host.path(self.path)
        if look(path).what in ("file", "directory"):
            os.chown(path, *owner_ids(made["owner"]), follow_symlinks=False)
            os.chmod(path, int(made["mode"], 8))

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
        if self.key is not None:
            remove_file(host.path(self.key))


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
