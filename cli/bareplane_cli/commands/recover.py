"""`bareplane recover`: after a run was killed, the stack is made usable again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from bareplane.specs import Connection
from bareplane_cli import options
from bareplane_cli.engine.findings import Found, findings, read_count
from bareplane_cli.engine.lock import Holder
from bareplane_cli.engine.pending import Pending, pending
from bareplane_cli.engine.pulumi import LockedError, Pulumi
from bareplane_cli.errors import RefusedError
from bareplane_cli.machines.asking import machines
from bareplane_cli.machines.sweep import sweep_owner
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
    let_go(left)
    say(f"stack {stack} is usable again: `pulumi up` goes on, `pulumi destroy` takes everything away")


def let_go(left: Sequence[Pending]) -> None:
    """A machine whose taking was interrupted is in no state, so that no `destroy` would come to it."""
    taken = [one.inputs for one in left if one.taking]
    owners = {one["connection"]["name"]: one["owner"] for one in taken}
    with machines([Connection.from_wire(one["connection"]) for one in taken]) as asked:
        for answer in asked.ask(lambda session: sweep_owner(session, owners[session.name])):
            if answer.error:
                warn(f"{answer.error}; what is ours on {answer.server} stays: see `bareplane clean`")


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
