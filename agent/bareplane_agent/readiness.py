"""Waiting for units that were started, all at once."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Sequence

from . import systemd
from .context import Context
from .errors import NotReadyError

QUICK, SLOW = 0.1, 0.5
# Most units are up within this time; after it, asking more often only costs.
QUICK_FOR = 10.0
# Longest run of one `ready` program: it may hang on something that does not answer yet.
ONE_TRY = 5.0


@dataclass(frozen=True)
class Waiting:
    """A unit that was started: `ready` is the argv that must exit with 0, or empty to look at the unit only."""

    key: str
    name: str
    ready: tuple[str, ...]
    timeout: float


def await_units(waiting: Sequence[Waiting], context: Context) -> None:
    """Return when all are ready; raises NotReadyError with the last lines of the first that is not in time."""
    started = time.monotonic()
    left = list(waiting)
    while left:
        states = systemd.show(context.host, [one.name for one in left])
        still: list[Waiting] = []
        for one in left:
            state = states[one.name]["ActiveState"]
            # A queued restart leaves the old process active until its turn comes.
            if states[one.name]["Job"] in ("", "0") and _ready(one, state, context):
                continue
            if state == "failed" or time.monotonic() - started > one.timeout:
                raise _not_ready(one, state, time.monotonic() - started, context)
            still.append(one)
        left = still
        if left:
            context.channel.check()
            context.host.check_deadline(f"waiting for {left[0].name}")
            time.sleep(QUICK if time.monotonic() - started < QUICK_FOR else SLOW)


def _ready(one: Waiting, state: str, context: Context) -> bool:
    if state not in ("active", "inactive"):
        return False
    if not one.ready:
        # Inactive is where a oneshot ends that went well.
        return True
    return state == "active" and context.host.run(["timeout", str(ONE_TRY), *one.ready], timeout=ONE_TRY + 5).code == 0


def _not_ready(one: Waiting, state: str, seconds: float, context: Context) -> NotReadyError:
    said = ""
    if one.ready:
        said = context.host.run(["timeout", str(ONE_TRY), *one.ready], timeout=ONE_TRY + 5).last_lines()
    return NotReadyError(
        f"{one.name} is not ready {seconds:.0f} s after its start; systemd says it is {state}"
        + (f"; {' '.join(one.ready)} says: {said}" if said else "")
        + f"\nIts last lines:\n{systemd.journal(context.host, one.name)}",
        one.key,
    )
