"""What the kit found, as a table: kinds and checks, and the figures beneath."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Report:
    """Outcome of each check by kind: the problems it found, none when it passed; and counts."""

    checks: dict[tuple[str, str], Sequence[str]] = field(default_factory=dict[tuple[str, str], Sequence[str]])
    figures: dict[str, dict[str, int]] = field(default_factory=dict[str, dict[str, int]])
    faults: dict[str, tuple[int, int]] = field(default_factory=dict[str, tuple[int, int]])
    """By fault: how often it was tried, and how often all was as before after another run."""

    def fault(self, kind: str, fault: str, *, converged: bool) -> None:
        tried, good = self.faults.get(fault, (0, 0))
        self.faults[fault] = (tried + 1, good + converged)
        known = self.figures.setdefault(kind, {})
        for what, number in (("faults tried", 1), ("faults converged", int(converged))):
            known[what] = known.get(what, 0) + number

    def add(self, kind: str, check: str, problems: Sequence[str], figures: dict[str, int]) -> None:
        self.checks[kind, check] = problems
        known = self.figures.setdefault(kind, {})
        for what, number in figures.items():
            known[what] = known.get(what, 0) + number

    @property
    def kinds(self) -> list[str]:
        return list(dict.fromkeys([*(kind for kind, _ in self.checks), *self.figures]))

    @property
    def names(self) -> list[str]:
        return list(dict.fromkeys(check for _, check in self.checks))

    def to_json(self) -> dict[str, Any]:
        """For the figures' file; `from_json` reads it."""
        checks: dict[str, dict[str, Sequence[str]]] = {}
        for (kind, check), problems in self.checks.items():
            checks.setdefault(kind, {})[check] = problems
        return {"checks": checks, "figures": self.figures, "faults": self.faults, "order": [self.kinds, self.names]}

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> Report:
        kinds, names = found["order"]
        known = found["checks"]
        checks = {(kind, name): known[kind][name] for kind in kinds for name in names if name in known.get(kind, {})}
        figures = {kind: found["figures"][kind] for kind in kinds if kind in found["figures"]}
        return cls(checks, figures, {name: (tried, good) for name, (tried, good) in found["faults"].items()})

    def join(self, other: Report) -> Report:
        """Both runs as one: a check of this one stands before the same check of the other; faults add up."""
        figures: dict[str, dict[str, int]] = {}
        for report in (self, other):
            for kind, counts in report.figures.items():
                known = figures.setdefault(kind, {})
                for what, number in counts.items():
                    adds = what.startswith("faults ")
                    known[what] = known.get(what, 0) + number if adds else max(known.get(what, 0), number)
        faults = dict(self.faults)
        for name, (tried, good) in other.faults.items():
            before = faults.get(name, (0, 0))
            faults[name] = (before[0] + tried, before[1] + good)
        kinds = {kind: None for report in (other, self) for kind in report.kinds}
        checks = {**other.checks, **self.checks}
        ordered = {key: checks[key] for kind in kinds for key in checks if key[0] == kind}
        return Report(ordered, {kind: figures[kind] for kind in kinds if kind in figures}, faults)

    def cell(self, kind: str, check: str) -> str:
        problems = self.checks.get((kind, check))
        if problems is None:
            return "-"
        return f"{len(problems)} wrong" if problems else "ok"


def lines(report: Report) -> Iterator[str]:
    """A Markdown table of kinds and checks, then one of counts, then one of faults; each only where there is any."""
    if report.checks:
        yield from table(
            ["kind", *report.names],
            [[kind, *(report.cell(kind, name) for name in report.names)] for kind in report.kinds],
        )
    counted = list(dict.fromkeys(what for one in report.figures.values() for what in one))
    if counted:
        yield ""
        rows = [[kind, *(str(report.figures.get(kind, {}).get(what, 0)) for what in counted)] for kind in report.kinds]
        sums = [str(sum(one.get(what, 0) for one in report.figures.values())) for what in counted]
        yield from table(["kind", *counted], [*rows, ["all", *sums]])
    if report.faults:
        yield ""
        rows = [[name, str(tried), str(good)] for name, (tried, good) in sorted(report.faults.items())]
        sums = [str(sum(one[place] for one in report.faults.values())) for place in (0, 1)]
        yield from table(["fault", "tried", "converged"], [*rows, [f"all {len(rows)}", *sums]])


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    yield "| " + " | ".join(name.ljust(width) for name, width in zip(head, widths, strict=True)) + " |"
    yield "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    for row in rows:
        yield "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
