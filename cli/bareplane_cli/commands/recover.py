"""`bareplane recover`: after a run was killed, the stack is made usable again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from bareplane_cli import options
from bareplane_cli.engine.findings import Found, findings, read_count
from bareplane_cli.engine.lock import Holder
from bareplane_cli.engine.pending import Pending, pending
from bareplane_cli.engine.pulumi import LockedError, Pulumi
from bareplane_cli.errors import RefusedError
from bareplane_cli.project import find_project
from bareplane_cli.show import progress, say, table, warn


def run(
    stack: Annotated[str, typer.Argument()] = options.DEFAULT_STACK,
    force: Annotated[bool, typer.Option(help="Take the lock also from a run that may be alive.")] = False,
    project: options.ProjectFolder = None,
) -> None:
    """End the lock of a run that was killed, clear what it left pending, and read what is there."""
    pulumi = Pulumi(find_project((project or Path()).absolute()).root, stack)
    left = pending(pulumi.deployment())
    progress("reading what is there")
    try:
        events = pulumi.refresh()
        say("lock: nobody holds it")
    except LockedError as locked:
        for holder in locked.holders:
            judge(holder, stack, force=force)
        pulumi.cancel()
        # What the run did between the two looks is among what is pending, too.
        left = pending(pulumi.deployment())
        events = pulumi.refresh()
    report(left, findings(events), read_count(events))
    say(f"stack {stack} is usable again: `pulumi up` goes on, `pulumi destroy` takes everything away")
    if any(one.operation == "creating" for one in left):
        say("after a destroy without an up, `bareplane ledger` shows whether a forgotten create left anything")


def report(left: Sequence[Pending], found: Sequence[Found], read: int) -> None:
    """What was unfinished, and what is not as remembered."""
    if left:
        table(f"pending: {len(left)} operations were not finished", Pending.COLUMNS, [one.row() for one in left])
    else:
        say("pending: no operation was unfinished")
    if found:
        title = f"read: {len(found)} of {read} resources are not as remembered"
        table(title, Found.COLUMNS, [one.row() for one in found])
    else:
        say(f"read: {read} resources, all as remembered")


def judge(holder: Holder, stack: str, *, force: bool) -> None:
    """Say who holds the lock and what becomes of it. Raises RefusedError when that run may be alive."""
    life = holder.life()
    if life == "dead":
        say(f"lock: held by {holder}; that process is gone, the lock is ended")
        return
    why = "it is alive" if life == "alive" else "whether it is alive cannot be seen from here"
    if not force:
        raise RefusedError(
            f"stack {stack} is locked by {holder}: {why}. Nothing was changed. Wait for that run or end it; "
            "or, if it surely does nothing any more, run this again with --force"
        )
    warn(f"the lock of {holder} is ended though {why}")
