"""The figures of all rounds: medians, spread, ratios, split."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from bench.result import PARTS, Result


def report(ours: Sequence[Sequence[Result]], script: Sequence[Result]) -> str:
    """The benchmark's last words."""
    heads = "".join(f" {part:>17}" for part in PARTS)
    rows = [f"{'seconds, medians':22} {'total':>7} {'spread':>13}  {'CPU here':>8} {'servers':>8}{heads}"]
    rows += [row(one) for one in (*ours, script)]
    for one in ours:
        ratio = median(each.seconds for each in one) / median(each.seconds for each in script)
        rows.append(f"{one[0].what} takes {ratio:.2f} times as long as the script")
    return "\n".join(rows)


def row(results: Sequence[Result]) -> str:
    """One side's medians."""
    totals = [one.seconds for one in results]
    spread = f"{min(totals):.1f} to {max(totals):.1f}"
    here, there = (median(one.computed[place] for one in results) for place in (0, 1))
    parts = "".join(f" {median(one.parts[part] for one in results):17.1f}" for part in PARTS)
    return f"{results[0].what:22} {median(totals):7.1f} {spread:>13}  {here:8.1f} {there:8.1f}{parts}"
