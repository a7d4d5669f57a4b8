"""What the kit found, as a table: kinds and checks, and the figures beneath."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field


@dataclass
class Report:
    """Outcome of each check by kind: the problems it found, none when it passed; and counts."""

    checks: dict[tuple[str, str], Sequence[str]] = field(default_factory=dict[tuple[str, str], Sequence[str]])
    figures: dict[str, dict[str, int]] = field(default_factory=dict[str, dict[str, int]])

    def add(self, kind: str, check: str, problems: Sequence[str], figures: dict[str, int]) -> None:
        self.checks[kind, check] = problems
        known = self.figures.setdefault(kind, {})
        for what, number in figures.items():
            known[what] = known.get(what, 0) + number

    @property
    def kinds(self) -> list[str]:
        return list(dict.fromkeys(kind for kind, _ in self.checks))

    @property
    def names(self) -> list[str]:
        return list(dict.fromkeys(check for _, check in self.checks))

    def cell(self, kind: str, check: str) -> str:
        problems = self.checks.get((kind, check))
        if problems is None:
            return "-"
        return f"{len(problems)} wrong" if problems else "ok"


def lines(report: Report) -> Iterator[str]:
    """A Markdown table of kinds and checks, then one of counts."""
    yield from table(
        ["kind", *report.names], [[kind, *(report.cell(kind, name) for name in report.names)] for kind in report.kinds]
    )
    counted = list(dict.fromkeys(what for one in report.figures.values() for what in one))
    if counted:
        yield ""
        rows = [[kind, *(str(report.figures[kind].get(what, 0)) for what in counted)] for kind in report.kinds]
        sums = [str(sum(one.get(what, 0) for one in report.figures.values())) for what in counted]
        yield from table(["kind", *counted], [*rows, ["all", *sums]])


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    yield "| " + " | ".join(name.ljust(width) for name, width in zip(head, widths, strict=True)) + " |"
    yield "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    for row in rows:
        yield "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
