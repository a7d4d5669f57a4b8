"""Writes docs/conformance.md from the figures of one run, or of several that each did a part: `python -m
tests.provider.conformance.document FIGURES…`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import reduce
from pathlib import Path
from typing import Any, cast

from tests.figures import merge
from tests.provider.conformance.report import Report, lines, table

HOSTILE_STRINGS = 10_000
"""At least so many are to be tried in a soak, over all boundaries."""
HEAD = """# Conformance

What the kit (tests/provider/conformance) found. `make conformance` runs its fast part, in which one fact of each sort
is broken; `make soak` runs the whole, every fact and fault, and writes this document. Every kind is a row of
tests/provider/conformance/table.py; the checks are the same for all of them.

- *made*: a read after create finds what create said, and nothing differs.
- *again*: created or updated once more, nothing changes and no file is written.
- *inputs*: each input changed is named by the diff, and reached, or replacement is announced, or it is refused.
- *drift*: each fact broken by hand is named, with its old and new value, and repaired alone.
- *deleted*: the servers' inventories are as before; deleting twice is fine.
- *removed by hand*: deleting what is gone already is fine, and leaves nothing either.
- *half made*: a create whose plugin was killed is taken up by the next one.
- *foreign*: what belongs to another stack, or to somebody else, is refused by name and left alone.

*Facts broken* counts facts, *breaks* ways of breaking them. A fact that cannot be broken in the lab belongs to the
kernel, which is this computer's own. A fault happens before, during or after a call; it *converged* when after
recovery and another run all was as if nothing had happened: the facts of an undisturbed create, nothing left to do, no
residue after delete.
"""


def document(runs: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """The whole text, line by line; of what several runs did, the whole stands before the fast part."""
    figures = together(runs)
    yield HEAD
    kits = [one["conformance"] for one in runs if "conformance" in one]
    whole = [Report.from_json(one) for one in kits if one["whole"]]
    fast = [Report.from_json(one) for one in kits if not one["whole"]]
    yield "## Kinds and checks\n"
    yield f"{which_part(whole, fast)}\n"
    yield from lines(reduce(Report.join, [*whole, *fast]))
    if "injection" in figures:
        found = figures["injection"]
        yield "\n## Hostile strings\n"
        rows = [
            [name, str(one["strings"]), str(one["injections"])] for name, one in sorted(found["by boundary"].items())
        ]
        total = ["all", str(found["hostile strings"]), str(found["injections"])]
        yield from table(["boundary", "strings", "injections"], [*rows, total])
    for section in sorted(figures.keys() - {"conformance", "injection"}):
        yield f"\n## {section.capitalize()}\n"
        yield from table(["what", "figure"], [[name, str(value)] for name, value in figures[section].items()])


def together(runs: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", reduce(merge, runs, {}))


def which_part(whole: Sequence[Report], fast: Sequence[Report]) -> str:
    thorough = {key for report in whole for key in report.checks}
    kinds = sorted({kind for report in fast for kind, check in report.checks if (kind, check) not in thorough})
    if not whole:
        return "The fast part."
    return f"The whole; but the fast part for checks of {', '.join(kinds)}." if kinds else "The whole."


def shortcomings(figures: Mapping[str, Any]) -> Iterator[str]:
    """Why a soak cannot vouch for the boundaries: too few strings tried, or one that got through."""
    found = figures.get("injection", {"hostile strings": 0, "injections": 0})
    if found["hostile strings"] < HOSTILE_STRINGS:
        yield f"{found['hostile strings']} hostile strings were tried, fewer than {HOSTILE_STRINGS}"
    if found["injections"]:
        yield f"{found['injections']} hostile strings were taken for something else"


if __name__ == "__main__":
    given = [json.loads(Path(name).read_text()) for name in sys.argv[1:]]
    print("\n".join(document(given)))
    sys.exit("\n".join(shortcomings(together(given))) or None)
