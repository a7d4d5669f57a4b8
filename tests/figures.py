"""Figures that tests leave for whoever reports them: one JSON file, named by BAREPLANE_FIGURES."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import cast

FILE = "BAREPLANE_FIGURES"


def record(section: str, values: Mapping[str, object]) -> Mapping[str, object]:
    """Merge `values` into a section of the file, nested mappings too; the section as it is then.

    Without a file, nothing is written and the values come back.
    """
    given = os.environ.get(FILE)
    if not given:
        return values
    with Path(given).open("a+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        known: dict[str, object] = json.loads(file.read() or "{}")
        merged = merge(known, {section: values})
        file.truncate(0)
        file.write(json.dumps(merged, indent=1, sort_keys=True) + "\n")
        return cast("Mapping[str, object]", merged[section])


def merge(old: Mapping[str, object], new: Mapping[str, object]) -> dict[str, object]:
    """`new` over `old`, mapping by mapping."""
    result = dict(old)
    for name, value in new.items():
        before = result.get(name)
        both = isinstance(before, Mapping) and isinstance(value, Mapping)
        result[name] = (
            merge(cast("Mapping[str, object]", before), cast("Mapping[str, object]", value)) if both else value
        )
    return result
