"""A systemd unit that should be running and enabled."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import AbstractSet, Any, Mapping, Sequence

from .. import systemd
from ..context import Context
from ..errors import AgentError
from ..fields import Fields
from ..files import remove_file
from ..host import Host
from ..ledger import Entry, Ledger, Note
from ..readiness import Waiting, await_units
from ..unit_undo import undo_units
from .base import Facts, Item, difference

# systemctl turns any other character into an escape, which names another unit; a template cannot run.
UNIT = r"[A-Za-z0-9]([A-Za-z0-9_.:@-]{0,200}[A-Za-z0-9_.:-])?\.(service|socket|timer|target|mount|path|slice)"
# What `systemctl enable` can do nothing about: the unit is started by something else.
UNCHANGEABLE = ("static", "indirect", "generated", "alias", "transient")


@dataclass
class Unit(Item):
    """`active` and `enabled` may be None: not looked at. Units in a row start in order and are awaited together."""

    type = "unit"
    grouped = True
    volatile = True

    name: str
    active: bool | None
    enabled: bool | None
    own_drop_ins: bool
    clean: bool
    restart_on: tuple[str, ...]
    ready: tuple[str, ...]
    ready_timeout: float
    our_drop_ins: frozenset[str] = frozenset()

    @classmethod
    def parse(cls, fields: Fields) -> Unit:
        return cls(
            name=fields.text("name", UNIT),
            active=fields.optional_flag("active", True),
            enabled=fields.optional_flag("enabled", True),
            own_drop_ins=fields.flag("own_drop_ins", False),
            clean=fields.flag("clean", False),
            restart_on=fields.texts("restart_on"),
            ready=fields.texts("ready"),
            ready_timeout=fields.number("ready_timeout", 120),
        )

    @property
    def key(self) -> str:
        return f"unit {self.name}"

    def observe(self, host: Host) -> Facts:
        return self.observe_many([self], host)[self.key]

    @classmethod
    def observe_many(cls, items: Sequence[Unit], host: Host) -> dict[str, Facts]:
        shown = systemd.show(host, [item.name for item in items])
        return {item.key: facts_of(item.name, shown[item.name], host) for item in items}

    def recall(self, ledger: Ledger, entry: Entry, beside: Sequence[Item]) -> None:
        """Drop-ins that any entry of ours put there are not foreign."""
        records = [note.record for one in ledger.entries() for note in one.notes]
        records += [item.record() for item in beside]
        self.our_drop_ins = frozenset(str(record.get("path", "")) for record in records)

    def told(self, facts: Facts) -> Facts:
        """What is not looked at is nobody's drift."""
        unseen = {"enabled": self.enabled is None, "active": self.active is None, "drop_ins": not self.own_drop_ins}
        return {name: value for name, value in super().told(facts).items() if not unseen.get(name, False)}

    def expected(self) -> Facts:
        wish: Facts = {"load": "loaded"}
        if self.active is not None:
            wish["active"] = "active" if self.active else "inactive"
        if self.enabled is not None:
            wish["enabled"] = "enabled" if self.enabled else "disabled"
        return wish

    def wrong(self, facts: Facts) -> str | None:
        """The first difference from the wish, in words."""
        known = dict(facts)
        if self.enabled and known["enabled"] in UNCHANGEABLE:
            known["enabled"] = "enabled"
        if self.active is False and known["active"] == "failed":
            known["active"] = "inactive"
        return difference(known, self.expected())

    def differs(self, facts: Facts, changed: AbstractSet[str], host: Host) -> bool:
        return bool(
            self.wrong(facts) is not None
            or facts["_reload"] == "needed"
            or self.foreign_drop_ins(facts)
            or not changed.isdisjoint(self.restart_on)
        )

    def settled(self, facts: Facts) -> str | None:
        return self.wrong(facts)

    def foreign_drop_ins(self, facts: Facts) -> list[str]:
        """Drop-ins by hand that this unit should not have."""
        if not self.own_drop_ins:
            return []
        found = [path for path in facts["drop_ins"].split() if path.startswith(places_of(self.name))]
        return [path for path in found if path not in self.our_drop_ins]

    def outdated(self, facts: Facts, context: Context) -> bool:
        """Whether it was started before one of the items it reads was changed; kubeadm starts the kubelet itself."""
        started = float(facts["_started"])
        return any(context.changed_at.get(key, 0.0) > started for key in self.restart_on)

    def record(self) -> dict[str, Any]:
        return {"name": self.name, "clean": self.clean}

    def before(self, host: Host, entry: Entry) -> dict[str, Any]:
        facts = self.observe(host)
        kept: dict[str, Any] = {"absent": facts["load"] == "not-found", **facts, "drop_ins": {}}
        for path in self.foreign_drop_ins(facts):
            kept["drop_ins"][path] = entry.save(host.path(path))
        return kept

    def apply(self, context: Context, facts: Facts) -> None:
        self.apply_many([self], {self.key: facts}, context)

    @classmethod
    def apply_many(cls, items: Sequence[Unit], facts: Mapping[str, Facts], context: Context) -> None:
        host = context.host
        reload = _clear_the_way(items, facts, context) or context.reload
        for verb, wanted in (("enable", True), ("disable", False)):
            names = [i.name for i in items if i.enabled is wanted and _enablement_differs(i, facts[i.key])]
            if names:
                # Left alone, systemctl would make systemd read all its units once more: 0.1 s of processor each time.
                host.must(["systemctl", "--quiet", *(["--no-reload"] if reload else []), verb, "--", *names])
        if reload:
            systemd.reload(host)
            context.reload = False
            facts = cls.observe_many(items, host)
        _check_loaded(items, facts)
        stopped = [i.name for i in items if i.active is False and facts[i.key]["active"] != "inactive"]
        if stopped:
            context.progress(f"stopping {', '.join(stopped)}")
            host.must(["systemctl", "stop", "--", *stopped])
            host.run(["systemctl", "reset-failed", "--", *stopped])
        _start(items, facts, context)

    @classmethod
    def undo(cls, note: Note, context: Context) -> None:
        cls.undo_many([note], context)

    @classmethod
    def undo_many(cls, notes: Sequence[Note], context: Context) -> None:
        undo_units(notes, context)


def facts_of(name: str, shown: Mapping[str, str], host: Host) -> Facts:
    """systemd's properties as facts; `_reload` is for the agent alone, it follows from other facts."""
    return {
        "load": shown.get("LoadState", ""),
        "active": shown.get("ActiveState", ""),
        "enabled": shown.get("UnitFileState", "") or "absent",
        "fragment": shown.get("FragmentPath", ""),
        "drop_ins": " ".join(drop_ins(name, shown.get("DropInPaths", "").split(), host)),
        # Microseconds of the machine's monotonic clock, which Python's is too.
        "_started": str(int(shown.get("ActiveEnterTimestampMonotonic", "0") or "0") / 1e6),
        "_reload": "needed" if shown.get("NeedDaemonReload") == "yes" else "no",
    }


def drop_ins(name: str, known: Sequence[str], host: Host) -> list[str]:
    """Drop-ins on disk, also those systemd has not read yet."""
    found = {path for path in known if os.path.exists(host.path(path))}
    for folder in places_of(name):
        if os.path.isdir(host.path(folder)):
            found.update(folder + file for file in os.listdir(host.path(folder)) if file.endswith(".conf"))
    return sorted(found)


def places_of(name: str) -> tuple[str, str]:
    """Where drop-ins by hand stand."""
    return f"/etc/systemd/system/{name}.d/", f"/run/systemd/system/{name}.d/"


def _enablement_differs(item: Unit, facts: Facts) -> bool:
    if item.enabled:
        return facts["enabled"] != "enabled" and facts["enabled"] not in UNCHANGEABLE
    return facts["enabled"] in ("enabled", "enabled-runtime")


def _clear_the_way(items: Sequence[Unit], facts: Mapping[str, Facts], context: Context) -> bool:
    """Unmask what was masked by hand and move foreign drop-ins away; true when systemd must reread its units."""
    host = context.host
    reload = any(facts[item.key]["_reload"] == "needed" for item in items)
    masked = [item.name for item in items if facts[item.key]["load"] == "masked"]
    if masked:
        host.must(["systemctl", "unmask", "--", *masked])
        host.run(["systemctl", "unmask", "--runtime", "--", *masked])
        reload = True
    for item in items:
        note = context.entry.note(item.key)
        for path in item.foreign_drop_ins(facts[item.key]):
            context.warn(f"{path} is a drop-in by hand; it is kept in the ledger and taken out", item.key)
            if note is None or path not in note.before["drop_ins"]:
                context.entry.save(host.path(path))
            remove_file(host.path(path))
            try:
                os.rmdir(os.path.dirname(host.path(path)))
            except OSError:
                context.progress(f"{os.path.dirname(path)} holds other drop-ins")
            reload = True
    return reload


def _check_loaded(items: Sequence[Unit], facts: Mapping[str, Facts]) -> None:
    for item in items:
        state = facts[item.key]["load"]
        if state != "loaded":
            raise AgentError(f"starting {item.name}: systemd says its unit is {state}", item.key)


def _start(items: Sequence[Unit], facts: Mapping[str, Facts], context: Context) -> None:
    """Queue every start in order, then wait for all: what does not depend on one another starts in parallel."""
    waiting: list[Waiting] = []
    for item in items:
        state = facts[item.key]["active"]
        restart = state in ("active", "reloading", "activating") and item.outdated(facts[item.key], context)
        if item.active is not True:
            continue
        if state == "active" and not restart:
            if item.ready and float(facts[item.key]["_started"]) > context.began:
                # A command of this run started it.
                waiting.append(Waiting(item.key, item.name, item.ready, item.ready_timeout))
            continue
        context.progress(f"{'restarting' if restart else 'starting'} {item.name}")
        # Forgets a failure, and how often it was started lately: a start we ask for is not systemd's to refuse.
        context.host.run(["systemctl", "reset-failed", "--", item.name])
        # A oneshot that is activating waits in its own start job; `restart` queues behind it.
        context.host.must(["systemctl", "--no-block", "restart" if restart else "start", "--", item.name])
        context.changed.add(item.key)
        waiting.append(Waiting(item.key, item.name, item.ready, item.ready_timeout))
    await_units(waiting, context)
