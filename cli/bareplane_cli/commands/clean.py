"""`bareplane clean`: what is ours goes from machines, by their own ledgers alone."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from bareplane_cli import options
from bareplane_cli.commands.ledger import show
from bareplane_cli.errors import EXIT_FAILED, EXIT_REFUSED, RefusedError
from bareplane_cli.machines.asking import Answer, machines
from bareplane_cli.machines.ledger import Entry, read_ledger
from bareplane_cli.machines.sweep import Doomed, sweep
from bareplane_cli.servers import find_servers
from bareplane_cli.show import complain, say
from bareplane_provider.errors import AgentError


def run(
    servers: Annotated[list[str], typer.Argument(show_default=False)],
    owner: Annotated[
        str | None, typer.Option(help="Only what this stack put there, as `ledger` shows it.", show_default="everybody")
    ] = None,
    yes: options.Yes = False,
    inventory: options.Inventory = None,
    stack: options.Stack = options.DEFAULT_STACK,
    project: options.ProjectFolder = None,
) -> None:
    """Remove everything of ours from servers, newest first. No Pulumi state is needed, and none is changed."""
    with machines(find_servers(servers, inventory, project, stack)) as asked:
        found = [of_owner(one, owner) for one in asked.ask(read_ledger)]
        show(found)
        doomed = {one.server: one.value for one in found if one.value}
        if doomed and not yes:
            agree(list(doomed))
        swept = asked.ask(lambda session: sweep(session, doomed[session.name]), list(doomed))
    report(swept)
    failed = [one.error for one in (*found, *swept) if one.error]
    if failed:
        locked = all(isinstance(one, AgentError) and one.code == "locked" for one in failed)
        raise typer.Exit(EXIT_REFUSED if locked else EXIT_FAILED)


def of_owner(answer: Answer[list[Entry]], owner: str | None) -> Answer[list[Entry]]:
    if owner is None or answer.value is None:
        return answer
    return Answer(answer.server, [one for one in answer.value if one.owner == owner])


def agree(servers: Sequence[str]) -> None:
    question = f"Remove all of this from {', '.join(servers)}?"
    if not sys.stdin.isatty():
        raise RefusedError(f"nothing was removed: there is nobody to ask; give --yes. ({question})")
    if not typer.confirm(question):
        raise RefusedError("nothing was removed")


def report(swept: Sequence[Answer[Doomed]]) -> None:
    for one in swept:
        if one.error:
            complain(str(one.error))
        elif one.value:
            say(f"{one.server}: removed {', '.join(one.value)}")
    if not swept:
        say("nothing to do")
