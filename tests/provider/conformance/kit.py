"""Walks the table: makes rows in their order, stops at the one under test, and takes all away again at the end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tests.provider.conformance.checks import Check, Subject
from tests.provider.conformance.driver import Driver, PluginGone, Refused
from tests.provider.conformance.report import Report
from tests.provider.conformance.servers import Inventory, all_changed
from tests.provider.conformance.table import Row, World


@dataclass
class Kit:
    """One walk. `made` are the rows made so far, each with the inventories of all servers before it."""

    world: World
    driver: Driver
    rows: Sequence[Row]
    report: Report
    thorough: bool = False
    made: list[tuple[Row, Mapping[str, Inventory]]] = field(default_factory=list[tuple[Row, Mapping[str, Inventory]]])
    subject: Subject | None = None

    def inventories(self) -> Mapping[str, Inventory]:
        return {name: one.inventory() for name, one in self.world.servers.items()}

    def reach(self, row: Row) -> Subject:
        """The row's subject: all rows above are made, and itself is, unless it is new."""
        if self.subject is None or self.subject.row is not row:
            before: Mapping[str, Inventory] = {}
            for one in self.rows[len(self.made) : self.rows.index(row) + 1]:
                before = self.inventories()
                self.made.append((one, before))
                if one is not row:
                    self.world.held[one.name] = self.driver.create(one.token, one.name, one.inputs(self.world))
            self.subject = Subject(row, self.world, self.driver, before, self.thorough)
        return self.subject

    def check(self, row: Row, name: str, check: Check) -> list[str]:
        """What one check found wrong. A check that breaks off is a finding, and the row is made whole again."""
        subject = self.reach(row)
        if row.name not in self.world.held and name != "made":
            subject.create()
        subject.figures = {}
        try:
            problems = check(subject)
        except (Refused, PluginGone, AssertionError) as error:
            problems = [f"broke off: {error}"]
            self.heal(subject)
        self.report.add(row.kind, name, problems, subject.figures)
        return problems

    def heal(self, subject: Subject) -> None:
        """After a check that broke off: taken away and made anew, as a user would."""
        held = self.world.held.get(subject.row.name)
        if held is not None and subject.stands != "state":
            self.driver.delete(held)
        subject.create()

    def take_away(self) -> Sequence[str]:
        """Delete all that was made, last first; what differs from the inventories before the first row."""
        first = self.made[0][1]
        for row, _ in reversed(self.made):
            held = self.world.held.pop(row.name, None)
            if held is not None:
                self.driver.delete(held)
        self.made.clear()
        self.subject = None
        return all_changed(self.world.servers.values(), first)
