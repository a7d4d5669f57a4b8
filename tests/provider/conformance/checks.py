"""What is asked of every kind. A check takes a subject (one row of the table, standing on its servers), leaves it made
as it found it, and says in words all that it found wrong."""

from __future__ import annotations

import shlex
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, Literal

from tests.provider.conformance.breaks import breaks, broken_fact, excused
from tests.provider.conformance.driver import Diff, Driver, Held, PluginGone, Refused, struct
from tests.provider.conformance.row import Break, Input, Row, World, with_input
from tests.provider.conformance.servers import LEDGER, Inventory, Server, changed

STRANGER = "some/stranger/0000000000000000"


@dataclass
class Subject:
    """One row under test. `before`: the inventory of its server before it was first made; None where it has none."""

    row: Row
    world: World
    driver: Driver
    before: Inventory | None
    thorough: bool = False
    """Every fact is broken; otherwise one of each sort."""
    figures: dict[str, int] = field(default_factory=dict[str, int])
    seconds: float = 0
    """How long its create took."""

    @property
    def server(self) -> Server | None:
        return self.world.servers[self.row.server] if self.row.server else None

    @property
    def stands(self) -> Literal["machine", "api", "state"]:
        """Where what it makes can be found."""
        if self.server is not None:
            return "machine"
        return "api" if "controlPlanes" in self.inputs else "state"

    @property
    def inputs(self) -> dict[str, Any]:
        return self.row.inputs(self.world)

    @property
    def held(self) -> Held:
        return self.world.held[self.row.name]

    def hold(self, held: Held) -> Held:
        self.world.held[self.row.name] = held
        return held

    def create(self) -> Held:
        began = time.monotonic()
        held = self.hold(self.driver.create(self.row.token, self.row.name, self.inputs))
        self.seconds = time.monotonic() - began
        return held

    def read(self) -> Held | None:
        """What is there now; the state takes it over, as a refresh does."""
        found = self.driver.read(self.held)
        if found is not None:
            self.hold(found)
        return found

    def update(self, inputs: Mapping[str, Any] | None = None) -> Held:
        return self.hold(self.driver.update(self.held, inputs))

    def count(self, what: str, number: int = 1) -> None:
        self.figures[what] = self.figures.get(what, 0) + number

    def moments(self) -> Mapping[str, str]:
        """The clocks of the servers that `written` looks at: its own, or all where it stands on none."""
        names = [self.row.server] if self.row.server else list(self.world.servers)
        return {name: self.world.servers[name].now() for name in names}

    def written(self, moments: Mapping[str, str]) -> list[str]:
        """Files written there since, with the server's name."""
        servers = self.world.servers
        return [f"{name}:{path}" for name, since in moments.items() for path in servers[name].written_since(since)]

    def residue(self) -> list[str]:
        """What differs on its server from before the resource was made."""
        return changed(self.server, self.before) if self.server and self.before else []


Check = Callable[[Subject], list[str]]


def made_as_wished(subject: Subject) -> list[str]:
    """Created: a read finds what create returned, and nothing differs."""
    held = subject.create()
    wrong = [
        f"check refuses its own example: {one}" for one in subject.driver.check(held.kind, held.name, subject.inputs)
    ]
    found = subject.read()
    if found is None:
        return [*wrong, "read says that it is not there, right after create"]
    wrong += [f"{path} differs right after create" for path in subject.driver.diff(found).changes]
    subject.count("facts", sum(len(one) for one in found.facts.values()))
    if found.facts != held.facts:
        wrong.append(f"create said {held.facts}, read says {found.facts}")
    return wrong


def again_writes_nothing(subject: Subject) -> list[str]:
    """Created again over itself (an adopted leftover) and updated without a change: the same, and no file written."""
    held, moments = subject.held, subject.moments()
    wrong = [f"{path} differs though nothing changed" for path in subject.driver.diff(held).changes]
    updated = subject.update()
    if updated.facts != held.facts:
        wrong.append(f"an update without a change says {updated.facts}, not {held.facts}")
    if subject.stands != "state":
        adopted = subject.driver.create(subject.row.token, subject.row.name, subject.inputs)
        if adopted.id != held.id:
            wrong.append(f"created again it has the id {adopted.id}, not {held.id}")
        if adopted.facts != held.facts:
            wrong.append(f"created again it says {adopted.facts}, not {held.facts}")
    if not subject.row.stays:
        wrong += [f"an update without a change wrote {path}" for path in subject.written(moments)]
    return wrong


def inputs_change(subject: Subject) -> list[str]:
    """Each input changed: named by the diff; the update reaches it, or replacement is announced, or it is refused."""
    wrong: list[str] = []
    for one in subject.row.changes:
        subject.count("inputs changed")
        wrong += [f"{one.path} -> {one.value!r}: {words}" for words in _one_input(subject, one)]
    return wrong


def _one_input(subject: Subject, one: Input) -> list[str]:
    old, new = subject.held, with_input(subject.inputs, one.path, one.value)
    failures = subject.driver.check(old.kind, old.name, new)
    if failures and one.outcome != "refused":
        return [f"check refuses it: {failure}" for failure in failures]
    try:
        diff = subject.driver.diff(old, new)
    except Refused as error:
        if one.outcome == "refused":
            return [] if one.path.split(".")[0] in str(error) else [f"the refusal does not name it: {error}"]
        return [f"refused: {error}"]
    if one.outcome == "refused":
        return ["not refused"]
    if one.outcome == "nothing":
        return [f"{path} differs" for path in diff.changes]
    wrong = [] if _names(diff, one.path) else [f"the diff names {list(diff.changes)}"]
    if diff.replaces != (one.outcome == "replace"):
        wrong.append(f"the diff says {dict(diff.changes)}")
    if one.outcome == "update":
        updated = subject.update(new)
        again = subject.driver.read(updated)
        if again is None:
            return [*wrong, "gone after the update"]
        wrong += [f"{path} differs after the update" for path in subject.driver.diff(again).changes]
        subject.hold(again)
        subject.update(subject.inputs)
        wrong += [f"{path} differs after the change back" for path in subject.driver.diff(subject.held).changes]
    return wrong


def _names(diff: Diff, path: str) -> bool:
    """Whether the diff names the input, or something within it or around it (lists are compared whole)."""
    plain = {one.replace("[", ".").replace("]", "").replace('"', "") for one in diff.changes}
    return any(one == path or one.startswith(f"{path}.") or path.startswith(f"{one}.") for one in plain)


def drift_is_named_and_repaired(subject: Subject) -> list[str]:
    """Each fact broken by hand: read and diff name it, with the old value and the new; update repairs that alone."""
    wrong: list[str] = []
    tried: set[tuple[str, str]] = set()
    in_use: set[tuple[str, str]] = set()
    facts = subject.held.facts
    seen: set[tuple[str, str]] = set()
    for one in breaks(subject.row, facts, subject.server):
        sort = (one.item.split(" ")[0], one.what)
        if not subject.thorough and sort in seen and one not in subject.row.breaks:
            continue
        seen.add(sort)
        outcome = _one_break(subject, one)
        if outcome is None and one.what == "directory removed":
            in_use.add((one.item, one.fact))
        if outcome is not None:
            subject.count("breaks")
            tried.add((one.item, one.fact))
            wrong += [f"{one.what}: {one.item} {one.fact}: {words}" for words in outcome]
    for name, make in subject.row.aged.items():
        subject.count("breaks")
        wrong += [f"{name} about to expire: {words}" for words in _one_aged(subject, name, make(subject.world))]
    subject.count("facts broken", len(tried))
    untried = [(item, fact) for item, found in facts.items() for fact in found if (item, fact) not in tried]
    left = [key for key in untried if key not in in_use and excused(subject.row, *key) is None]
    subject.count("facts that cannot be broken here", len(untried) - len(left))
    if subject.thorough:
        subject.count("facts left", len(left))
        # Of an object in the API one value of each part is changed; on a machine every fact is broken by itself.
        if subject.stands == "machine":
            wrong += [f"nothing breaks {item} {fact}, and the table does not say why" for item, fact in left]
    return wrong


def _one_aged(subject: Subject, name: str, value: Any) -> list[str]:
    """An output near the end of its life: the diff names it alone, and an update makes a new one."""
    whole = subject.held
    outputs = {**whole.outputs, name: value}
    subject.hold(replace(whole, properties=struct(outputs)))
    diff = subject.driver.diff(subject.held)
    wrong = [] if list(diff.changes) == [name] else [f"the diff names {list(diff.changes) or 'nothing'}"]
    if subject.update().outputs[name] == value:
        wrong.append("it is still there after an update")
    return wrong + [f"{path} differs after the update" for path in subject.driver.diff(subject.held).changes]


def _one_break(subject: Subject, one: Break) -> list[str] | None:
    """None when it could not be broken that way (a directory in use)."""
    server = subject.server or subject.world.servers[one.server]
    whole = subject.held
    try:
        server.run(one.script)
    except AssertionError:
        subject.update()
        return None
    found = subject.read()
    if found is None:
        subject.create()
        return ["read says that it is gone, though only a part is"]
    wrong: list[str] = []
    diff = subject.driver.diff(found)
    expected = broken_fact(one)
    if expected not in diff.changes:
        wrong.append(f"the diff names {sorted(diff.changes) or 'nothing'}, not {expected}")
    others = [path for path in diff.changes if not _belongs(path, one)]
    if others:
        wrong.append(f"the diff names {others} too")
    old, now = _value(whole.facts, one), _value(found.facts, one)
    if old == now:
        wrong.append(f"read says {now!r}, as before")
    if _value(found.baseline, one) != old:
        wrong.append(f"the value that it should have is lost: {_value(found.baseline, one)!r}, not {old!r}")
    if one.mended:
        server.run(one.mended)
    moments = subject.moments()
    updated = subject.update()
    # A program writes all that it makes, also when a file that it reads was repaired.
    programs = [facts for item, facts in whole.facts.items() if item.startswith("command ")]
    parts = {fact.rpartition(" ")[0] for facts in programs for fact in facts}
    written = [path for path in subject.written(moments) if not _of(path, one, parts)]
    if written and subject.server is not None:
        wrong.append(f"the repair wrote {written} too")
    again = subject.driver.read(updated)
    if again is None:
        return [*wrong, "gone after the repair"]
    left = subject.driver.diff(again).changes
    wrong += [f"{path} differs after the repair" for path in left]
    if not left and again.facts != whole.facts:
        wrong.append(f"after the repair it says {again.facts}, not {whole.facts}")
    subject.hold(again)
    return wrong


def _value(facts: Mapping[str, Mapping[str, str]], one: Break) -> str | None:
    return facts.get(one.item, {}).get(one.fact)


def _belongs(path: str, one: Break) -> bool:
    """Whether a named path is a fact of the broken item, of the file that makes up the broken unit, or a consequence:
    containerd ends when a directory it watches goes, and without its CA nobody can say who issued a certificate."""
    name = one.item.partition(" ")[2]
    of_unit = one.item.startswith("unit ") and f"/{name}" in path
    stopped = path.startswith('facts["unit ') and path.endswith(".active")
    unproven = path.startswith('facts["command ') and path.endswith(' issuer"]')
    return f'"{one.item}"' in path or path.startswith(f"facts.{one.item}") or of_unit or stopped or unproven


def _of(written: str, one: Break, parts: set[str]) -> bool:
    """Whether a file written by a repair is the broken item's, or the ledger's. `parts`: what programs produce."""
    path = written.partition(":")[2]
    name = one.item.partition(" ")[2].partition(": ")[0]
    of_unit = one.item.startswith("unit ") and f"/{name}" in path
    return path.startswith(LEDGER) or path == name or path in parts or of_unit


def deleted_without_residue(subject: Subject) -> list[str]:
    """Deleted: every server's inventory is as before create. Deleted once more: that is fine too."""
    held = subject.held
    subject.driver.delete(held)
    wrong = [] if subject.row.stays else subject.residue()
    try:
        subject.driver.delete(held)
    except Refused as error:
        wrong.append(f"deleting it twice fails: {error}")
    if not subject.row.stays:
        found = subject.driver.read(held)
        gone = found is None or "yes" not in {one.get("present") for one in found.facts.values()}
        if subject.stands != "state" and not gone:
            wrong.append("read still finds it")
    subject.create()
    return wrong


def deleted_after_removal_by_hand(subject: Subject) -> list[str]:
    """Somebody has removed it already: delete succeeds, and nothing is left either."""
    held = subject.held
    scripts = [subject.row.removed] if subject.row.removed else []
    if subject.server is not None:
        removing = ("file removed", "symlink removed", "line removed", "image removed", "produced file removed")
        scripts += [one.script for one in breaks(subject.row, held.facts, subject.server) if one.what in removing]
    server = subject.server or subject.world.servers["server-1"]
    server.run("\n".join(f"( {one} ) || true" for one in scripts))
    try:
        subject.driver.delete(held)
    except Refused as error:
        subject.create()
        return [f"deleting what was removed by hand fails: {error}"]
    wrong = [] if subject.row.stays else subject.residue()
    subject.create()
    return wrong


def a_half_made_one_is_taken_up(subject: Subject) -> list[str]:
    """The plugin is killed while it creates; the next create finds what is there and finishes it."""
    whole, usual = subject.held.facts, subject.seconds
    waits: list[Callable[[], object]] = [partial(time.sleep, usual * share) for share in (0.5, 0.25, 0.1)]
    files = [item.partition(" ")[2] for item in whole if item.startswith("file ")]
    if subject.server is not None and files:
        waits.insert(0, partial(_until_there, subject.server, files[0], usual + 10))
    for wait in waits:
        subject.driver.delete(subject.held)
        if _cut_short(subject, wait):
            subject.count("creates cut short")
            break
    else:
        if subject.stands == "machine":
            return ["its create was over each time before it could be cut short"]
    made = subject.create()
    if made.facts != whole:
        return [f"after an interrupted create it says {made.facts}, not {whole}"]
    return []


def _cut_short(subject: Subject, wait: Callable[[], object]) -> bool:
    """Whether a create was still under way when the plugin was killed."""

    def kill() -> None:
        wait()
        subject.driver.end()

    killing = threading.Thread(target=kill)
    killing.start()
    try:
        subject.create()
    except PluginGone:
        return True
    finally:
        killing.join()
    return False


def _until_there(server: Server, path: str, seconds: float) -> None:
    looking = f"until test -e {shlex.quote(path)}; do sleep 0.05; done"
    server.run(f"timeout {seconds:.0f} sh -c {shlex.quote(looking)}", check=False)


def what_is_foreign_is_refused(subject: Subject) -> list[str]:
    """Another stack's resource at its place is neither adopted nor changed nor removed; the refusal names the owner."""
    if subject.server is None:
        return []
    mine = subject.inputs
    theirs = {**mine, "owner": STRANGER}
    wrong: list[str] = []
    moments = subject.moments()
    for doing in ("create", "update", "delete"):
        try:
            if doing == "create":
                subject.driver.create(subject.row.token, subject.row.name, theirs)
            elif doing == "update":
                subject.driver.update(_as(subject.held, theirs), theirs)
            else:
                subject.driver.delete(_as(subject.held, theirs))
            # Taking away what a stranger has here is done when that is nothing.
            if doing != "delete":
                wrong.append(f"{doing} of a stranger succeeds")
        except Refused as error:
            if str(mine["owner"]) not in str(error):
                wrong.append(f"{doing} of a stranger is refused without the owner's name: {error}")
    wrong += [f"a refused stranger wrote {path}" for path in subject.written(moments)]
    found = subject.read()
    if found is None or subject.driver.diff(found).changes:
        wrong.append("what is ours is not as it was after a stranger came")
    return wrong + _foreign_file_stays(subject)


def _foreign_file_stays(subject: Subject) -> list[str]:
    """A file of somebody else's at our path: create is refused, names it, and leaves it and everything else alone."""
    server = subject.server
    paths = [item.partition(" ")[2] for item in subject.held.facts if item.startswith("file ")]
    if server is None or not paths:
        return []
    subject.driver.delete(subject.held)
    folder = Path(paths[-1]).parent
    made = [line.split("'")[1] for line in server.run(f"LC_ALL=C mkdir -pv {folder}").splitlines()]
    server.run(f"echo somebody else >{paths[-1]}")
    moment = server.now()
    wrong: list[str] = []
    try:
        subject.create()
        wrong.append(f"{paths[-1]} was somebody else's, and is replaced")
    except Refused as error:
        if paths[-1] not in str(error):
            wrong.append(f"the refusal does not name {paths[-1]}: {error}")
        if error.left is not None:
            subject.driver.delete(error.left)
    wrong += [f"refused, but {path} was written" for path in server.written_since(moment)]
    server.run("\n".join([f"rm {paths[-1]}", *(f"rmdir {one}" for one in reversed(made))]))
    subject.create()
    return wrong


def _as(held: Held, inputs: Mapping[str, Any]) -> Held:
    return Held(held.kind, held.name, held.id, held.properties, struct(inputs))


CHECKS: Sequence[tuple[str, Check]] = (
    ("made", made_as_wished),
    ("again", again_writes_nothing),
    ("inputs", inputs_change),
    ("drift", drift_is_named_and_repaired),
    ("foreign", what_is_foreign_is_refused),
    ("half made", a_half_made_one_is_taken_up),
    # After the others: what any of them left is found here.
    ("deleted", deleted_without_residue),
    ("removed by hand", deleted_after_removal_by_hand),
)
