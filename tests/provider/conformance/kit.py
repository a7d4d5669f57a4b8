"""Walks the table: makes rows in their order, stops at the one under test, and takes all away again at the end."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tests.provider.conformance.checks import Check, Subject
from tests.provider.conformance.driver import Driver, PluginGone, Refused
from tests.provider.conformance.report import Report
from tests.provider.conformance.row import Row, World
from tests.provider.conformance.servers import Inventory, all_changed, inventories


@dataclass
class Kit:
    """One walk. `first`: inventories of all servers before the first row."""

    world: World
    driver: Driver
    rows: Sequence[Row]
    report: Report
    thorough: bool = False
    made: list[Row] = field(default_factory=list[Row])
    walked: int = 0
    """How many of the rows are behind."""
    first: Mapping[str, Inventory] | None = None
    subject: Subject | None = None

    def reach(self, row: Row) -> Subject:
        """The row's subject: all rows above it are made, and itself is, unless it is new."""
        if self.subject is None or self.subject.row is not row:
            if self.first is None:
                self.first = inventories(self.world.servers.values())
            for one in self.rows[self.walked : self.rows.index(row)]:
                if row.passing or not one.passing:
                    self._make(one)
            if not row.passing:
                self._leave_passing()
            self.walked = self.rows.index(row) + 1
            before = self.world.servers[row.server].inventory() if row.server else None
            self.made.append(row)
            self.subject = Subject(row, self.world, self.driver, before, self.thorough)
        return self.subject

    def check(self, row: Row, name: str, check: Check) -> list[str]:
        """What one check found wrong. A check that breaks off is a finding, and the row is made whole again."""
        subject = self.reach(row)
        if row.name not in self.world.held and name != "made":
            subject.create()
        subject.figures = {}
        began = time.monotonic()
        try:
            problems = check(subject)
        except (Refused, PluginGone, AssertionError) as error:
            problems = [f"broke off: {error}", *self._heal(subject)]
        self.report.add(row.kind, name, problems, subject.figures)
        print(f"[{time.monotonic() - began:5.1f} s] {row.kind}: {name}: {'; '.join(problems) or 'ok'}", flush=True)
        return problems

    def take_away(self) -> Sequence[str]:
        """Delete all that was made, last first; what differs from the inventories before the first row."""
        for row in reversed(self.made):
            self._delete(row)
        self.made.clear()
        self.walked = 0
        self.subject = None
        return all_changed(self.world.servers.values(), self.first or {})

    def _leave_passing(self) -> None:
        for row in reversed([one for one in self.made if one.passing]):
            self._delete(row)
            self.made.remove(row)

    def _delete(self, row: Row) -> None:
        held = self.world.held.pop(row.name, None)
        if held is not None:
            self.driver.delete(held)

    def _make(self, row: Row) -> None:
        if not row.passing:
            self._leave_passing()
        self.world.held[row.name] = self.driver.create(row.token, row.name, row.inputs(self.world))
        self.made.append(row)

    def _heal(self, subject: Subject) -> list[str]:
        """After a check that broke off: taken away and made anew, as a user would; what stood in the way of that."""
        held = self.world.held.get(subject.row.name)
        try:
            if held is not None and subject.stands != "state":
                self.driver.delete(held)
            subject.create()
        except (Refused, PluginGone) as error:
            return [f"and could not be made whole: {error}"]
        return []
