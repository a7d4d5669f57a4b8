"""One resource, one operation, one fault: what it did, how it was told, and whether another run made all of it good."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as StillRunning
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tests.provider.conformance.breaks import breaks
from tests.provider.conformance.checks import Subject
from tests.provider.conformance.console import Console
from tests.provider.conformance.driver import Held, PluginGone, Refused
from tests.provider.conformance.faults import Fault, Operation
from tests.provider.conformance.mishaps import Scene
from tests.provider.conformance.row import Break, Input, Row, with_input
from tests.provider.conformance.servers import Server

LONGEST = 660.0
"""Seconds after which a call that has not come back counts as one that never does."""
KUBELETS = ("/var/lib/kubelet", "/kubepods")
"""What a kubelet writes and makes by itself."""


class Stuck(Exception):
    """A call that was never answered."""


@dataclass
class Trial:
    """`share` decides how far a fault is into an operation; all randomness comes from the seed."""

    subject: Subject
    rows: Sequence[Row]
    """All rows that are made, this one included, in their order."""
    whole: Mapping[str, Mapping[str, str]]
    """Its facts after an undisturbed create."""
    fault: Fault
    operation: Operation
    seed: str
    clock: Path
    restless: Sequence[str]
    """Files that an update without a change writes though nothing ever happened."""
    usual: dict[str, float]
    """Seconds that each operation took undisturbed."""
    notes: list[str] = field(default_factory=list[str])
    """What happened, for whoever reads a failure."""

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        self._console = Console(self._server)
        self._scene = Scene(self._console, self.subject.driver, self.clock, self._random.random())

    @property
    def _server(self) -> Server:
        return self.subject.server or self.subject.world.servers["server-1"]

    def run(self) -> list[str]:
        """Everything that is not as if nothing had happened."""
        wanted = self._prepare()
        outcome: Held | Exception | None
        try:
            outcome = self._struck(wanted)
        finally:
            self.fault.mishap.lift(self._scene)
        wrong = self._told(outcome)
        self._keep(outcome)
        # Every run of the engine has a plugin of its own.
        self.subject.driver.end()
        self._console.settle()
        return [*wrong, *self._made_good(wanted)]

    def _prepare(self) -> dict[str, Any]:
        """The resource absent for a create, otherwise there; the inputs that the operation shall reach."""
        subject = self.subject
        held = subject.world.held.get(subject.row.name)
        if self.operation == "create":
            if held is not None:
                self._timed("delete", lambda: subject.driver.delete(held))
                del subject.world.held[subject.row.name]
            return subject.inputs
        if held is None:
            self._timed("create", subject.create)
        if self.operation == "update":
            return self._difference()
        return subject.inputs

    def _timed(self, operation: Operation, work: Callable[[], object]) -> None:
        began = time.monotonic()
        work()
        self.usual[operation] = time.monotonic() - began

    def _difference(self) -> dict[str, Any]:
        """Something for an update to do: another input, or a fact broken by hand."""
        subject = self.subject
        inputs = [one for one in subject.row.changes if one.outcome == "update"]
        broken = list(breaks(subject.row, subject.held.facts, subject.server))
        candidates: list[Input | Break] = [*inputs, *self._random.sample(broken, min(2, len(broken)))]
        if not candidates:
            subject.hold(replace(subject.held, unfinished=True))
            return subject.inputs
        chosen = self._random.choice(candidates)
        if isinstance(chosen, Input):
            self.notes.append(f"{chosen.path} -> {chosen.value!r}")
            return with_input(subject.inputs, chosen.path, chosen.value)
        self.notes.append(f"{chosen.what}: {chosen.item}")
        (subject.server or subject.world.servers[chosen.server]).run(chosen.script, check=False)
        subject.read()
        return subject.inputs

    def _struck(self, wanted: Mapping[str, Any]) -> Held | Exception | None:
        """The operation's outcome, with the fault at its moment."""
        when, mishap = self.fault.when, self.fault.mishap
        with ThreadPoolExecutor(1) as pool:
            if when == "before":
                mishap.arm(self._scene)
            if when in ("before", "after"):
                outcome = self._answer(pool.submit(self._call, wanted))
                if when == "after":
                    mishap.arm(self._scene)
                return outcome
            watcher = self._console.watch(when, self._patience())
            try:
                watcher.start()
                call = pool.submit(self._call, wanted)
                call.add_done_callback(lambda _: watcher.over())
                self.notes.append(watcher.fired() or "watcher ended")
                mishap.arm(self._scene)
                if not mishap.holds:
                    watcher.go()
                return self._answer(call)
            finally:
                watcher.close()

    def _patience(self) -> float:
        """Seconds after which the fault strikes in any case."""
        usual = self.usual.get(self.operation) or self.subject.seconds
        if self.fault.when == "amid":
            return usual * (0.1 + 0.8 * self._scene.share)
        if self.subject.stands == "machine":
            # The ledger tells; or it is over without a word there, because nothing differed.
            return LONGEST
        return usual * (0.3 if self.fault.when == "begun" else 0.9)

    def _call(self, wanted: Mapping[str, Any]) -> Held | None:
        subject, timeout = self.subject, self.fault.mishap.timeout
        if self.operation == "create":
            return subject.driver.create(subject.row.token, subject.row.name, wanted, timeout)
        if self.operation == "update":
            return subject.driver.update(subject.held, wanted, timeout)
        subject.driver.delete(subject.held, timeout)
        return None

    def _answer(self, call: Future[Held | None]) -> Held | Exception | None:
        try:
            return call.result(LONGEST)
        except (Refused, PluginGone) as error:
            return error
        except StillRunning:
            self.subject.driver.end()
            return Stuck(f"no answer within {LONGEST:.0f} s")

    def _told(self, outcome: Held | Exception | None) -> list[str]:
        """What is wrong with the error's words, if there was one."""
        if not isinstance(outcome, Exception):
            self.notes.append("done all the same")
            return []
        message = str(outcome)
        self.notes.append(f"{type(outcome).__name__}: {message}")
        if isinstance(outcome, Stuck):
            return [message]
        if isinstance(outcome, PluginGone):
            return []
        first = message.splitlines()[0] if message else ""
        wrong = [
            f"the error says {bad!r}"
            for bad in ("a defect in bareplane", "Traceback", "the agent failed: ")
            if bad in message
        ]
        if "interrupted" in first:
            return wrong
        if self._server.name not in first:
            wrong.append(f"the error does not name {self._server.name}")
        if len(first) > 600:
            wrong.append(f"the error's first line has {len(first)} characters")
        return [f"{one}: {message}" for one in wrong]

    def _keep(self, outcome: Held | Exception | None) -> None:
        """What the engine's state holds afterwards; a pending create is forgotten, as `make recover` does."""
        held = self.subject.world.held
        name = self.subject.row.name
        if isinstance(outcome, Held):
            held[name] = outcome
        elif isinstance(outcome, Refused) and outcome.left is not None:
            held[name] = outcome.left
        elif outcome is None:
            del held[name]

    def _made_good(self, wanted: Mapping[str, Any]) -> list[str]:
        """Another run, and what differs after it from a world where nothing had happened."""
        subject = self.subject
        try:
            if self.operation == "delete":
                self._others()
                self._refresh(subject.row)
                self._delete()
                return self._residue()
            try:
                self._run(wanted)
            except Refused as error:
                self.notes.append(f"the next run: {error}")
                return [f"the next run fails: {error}"]
            wrong = self._differences(wanted)
            if wanted != subject.inputs:
                subject.hold(subject.driver.up(subject.held, subject.row.token, subject.row.name, subject.inputs))
            if subject.held.facts != self.whole:
                wrong += [f"afterwards: {line}" for line in different(self.whole, subject.held.facts)]
            if self.operation == "create":
                self._delete()
                wrong += self._residue()
        except (Refused, PluginGone, AssertionError) as error:
            return [f"broke off: {error}"]
        return wrong

    def _run(self, wanted: Mapping[str, Any]) -> None:
        """`pulumi up`, after a refresh where the fault may have changed what the state knows, or by chance."""
        subject = self.subject
        self._others()
        if self.fault.when == "after" or self.fault.mishap.wide or self._random.random() < 0.5:
            self._refresh(subject.row)
        held = subject.world.held.get(subject.row.name)
        subject.hold(subject.driver.up(held, subject.row.token, subject.row.name, wanted))

    def _others(self) -> None:
        """The resources that this one stands on, where the fault may have touched them."""
        if not self.fault.mishap.wide:
            return
        world, driver = self.subject.world, self.subject.driver
        for row in self.rows:
            if row is not self.subject.row and row.server is not None:
                self._refresh(row)
                world.held[row.name] = driver.up(world.held.get(row.name), row.token, row.name, row.inputs(world))

    def _refresh(self, row: Row) -> None:
        """As the engine does: what a read finds is finished; what it does not find is forgotten."""
        held = self.subject.world.held
        if row.name in held:
            found = self.subject.driver.read(held[row.name])
            if found is None:
                del held[row.name]
            else:
                held[row.name] = replace(found, unfinished=False)

    def _delete(self) -> None:
        held = self.subject.world.held.pop(self.subject.row.name, None)
        if held is not None:
            self.subject.driver.delete(held)

    def _differences(self, wanted: Mapping[str, Any]) -> list[str]:
        """Of what a run left: a read finds a difference, or the next update writes something."""
        subject = self.subject
        found = subject.read()
        if found is None:
            return ["read says that it is not there, after another run"]
        wrong = [f"{path} differs after another run" for path in subject.driver.diff(found, wanted).changes]
        if wrong:
            return wrong
        moment = self._server.now()
        subject.hold(subject.driver.update(found, wanted))
        if subject.row.stays:
            return []
        written = self._server.written_since(moment)
        return [f"a second run wrote {path}" for path in written if path not in self.restless]

    def _residue(self) -> list[str]:
        if self.subject.row.stays:
            return []
        # A kubelet that another row made gets its certificate, and runs pods, when it pleases.
        passing = () if any(one in str(self.whole) for one in KUBELETS) else KUBELETS
        found = lasting(self.subject.residue())
        return [f"left: {line}" for line in found if not any(one in line for one in passing)]


def different(one: Mapping[str, Mapping[str, str]], two: Mapping[str, Mapping[str, str]]) -> list[str]:
    """Facts that are not the same, with both values."""
    found: list[str] = []
    for item in sorted({*one, *two}):
        old, new = one.get(item, {}), two.get(item, {})
        found += [
            f"{item} {fact}: {old.get(fact)} -> {new.get(fact)}"
            for fact in sorted({*old, *new})
            if old.get(fact) != new.get(fact)
        ]
    return found


def lasting(lines: Sequence[str]) -> list[str]:
    """Without what is of another start alone: the number of a loop device, the name of a unit's own /var/tmp."""
    alike = [re.sub(r"/dev/loop\d+|(?<=/systemd-private-)\w+-(.+)-\w{6}", r"\1", line) for line in lines]
    signs = {": - ", ": + "}

    def other(line: str) -> str:
        sign = next((one for one in signs if one in line), "")
        return line.replace(sign, next(iter(signs - {sign})), 1) if sign else ""

    return [line for line, plain in zip(lines, alike, strict=True) if plain == line or other(plain) not in alike]
