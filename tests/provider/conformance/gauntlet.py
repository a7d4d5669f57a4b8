"""Puts rows through faults, in an order and at moments that a seed decides, and makes them whole after a failure."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from tests.provider.conformance.checks import Subject
from tests.provider.conformance.driver import PluginGone, Refused
from tests.provider.conformance.faults import FAULTS, OPERATIONS, Fault, Operation
from tests.provider.conformance.kit import Kit
from tests.provider.conformance.report import Report
from tests.provider.conformance.row import Row
from tests.provider.conformance.trial import Trial

Facts = Mapping[str, Mapping[str, str]]


@dataclass
class Gauntlet:
    """`clock`: the library that moves a program's clock. `until`: when a soak shall be over, by the monotonic clock."""

    kit: Kit
    report: Report
    clock: Path
    seed: str
    until: float
    whole: dict[str, Facts] = field(default_factory=dict[str, Facts])
    restless: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    usual: dict[str, dict[str, float]] = field(default_factory=dict[str, dict[str, float]])

    def order(self, row: Row) -> Iterator[tuple[Fault, Operation]]:
        """Every fault once, each with an operation; then every fault with the next operation; and so on."""
        chance = random.Random(f"{self.seed} {row.name}")
        for turn in range(len(OPERATIONS)):
            faults = list(enumerate(FAULTS))
            chance.shuffle(faults)
            for number, fault in faults:
                yield fault, OPERATIONS[(number + turn) % len(OPERATIONS)]

    def reach(self, row: Row) -> Subject:
        """The row, made undisturbed once; what was in the way of an earlier row's trials is made again."""
        if row.name not in self.whole:
            self._restore()
            subject = self.kit.reach(row)
            self.whole[row.name] = subject.create().facts
            self.usual[row.name] = {"create": subject.seconds}
            self._undisturbed(subject)
        return self.kit.reach(row)

    def _undisturbed(self, subject: Subject) -> None:
        """What a second update writes, and how a delete leaves the server, when nothing ever happens."""
        server = subject.server or self.kit.world.servers["server-1"]
        moment = server.now()
        subject.update()
        self.restless[subject.row.name] = server.written_since(moment)
        if subject.server is not None and not subject.row.stays:
            subject.driver.delete(subject.held)
            subject.before = server.inventory()
            subject.create()

    def through(self, row: Row, fault: Fault, operation: Operation) -> list[str]:
        """What was not as if nothing had happened; what happened comes with it, and how to have it again."""
        subject = self.reach(row)
        began = time.monotonic()
        seed = f"{self.seed} {row.name} {fault.name} {operation}"
        whole, restless, usual = self.whole[row.name], self.restless[row.name], self.usual[row.name]
        trial = Trial(subject, self.kit.made, whole, fault, operation, seed, self.clock, restless, usual)
        try:
            wrong = trial.run()
        except (AssertionError, Refused, PluginGone) as error:
            wrong = [f"broke off: {error}"]
            subject.driver.end()
        how = f"{row.kind} ({row.name}): {operation}: {fault.name}; seed {self.seed}"
        print(
            f"[{time.monotonic() - began:5.1f} s] {how}: {' | '.join(trial.notes)} => {wrong or 'as before'}",
            flush=True,
        )
        self.report.fault(row.kind, fault.name, converged=not wrong)
        if wrong:
            self._heal(subject)
            return [f"{how}: {one} ({' | '.join(trial.notes)})" for one in wrong]
        return []

    def _heal(self, subject: Subject) -> None:
        """Away with what a failed trial left; the servers as they are then are what later trials are compared with."""
        held = subject.create()
        subject.driver.delete(held)
        del subject.world.held[subject.row.name]
        if subject.server is not None:
            subject.before = subject.server.inventory()

    def _restore(self) -> None:
        """Rows that a trial left deleted, which the next rows stand on."""
        world, driver = self.kit.world, self.kit.driver
        for row in self.kit.made:
            if row.name not in world.held:
                world.held[row.name] = driver.create(row.token, row.name, row.inputs(world))
            elif world.held[row.name].unfinished:
                world.held[row.name] = driver.update(replace(world.held[row.name], unfinished=False), row.inputs(world))
