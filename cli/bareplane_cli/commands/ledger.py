"""`bareplane ledger`: what is ours on machines."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Annotated

import typer

from bareplane_cli import options
from bareplane_cli.errors import EXIT_FAILED
from bareplane_cli.machines.asking import Answer, machines
from bareplane_cli.machines.ledger import Entry, owners, read_ledger
from bareplane_cli.servers import find_servers
from bareplane_cli.show import OUT, complain, say, table


def run(
    servers: Annotated[list[str] | None, typer.Argument(show_default="all of them")] = None,
    inventory: options.Inventory = None,
    stack: options.Stack = options.DEFAULT_STACK,
    project: options.ProjectFolder = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Show what is ours on servers, and whose. No Pulumi state is needed."""
    with machines(find_servers(servers or [], inventory, project, stack)) as asked:
        answers = asked.ask(read_ledger)
    if as_json:
        OUT.print_json(json.dumps({"servers": [document(one) for one in answers]}))
    else:
        show(answers)
    if any(one.error for one in answers):
        raise typer.Exit(EXIT_FAILED)


def document(answer: Answer[list[Entry]]) -> dict[str, object]:
    return {
        "name": answer.server,
        "entries": [one.to_json() for one in answer.value or []],
        "error": str(answer.error) if answer.error else None,
    }


def show(answers: Sequence[Answer[list[Entry]]]) -> None:
    """A table for each server and owner."""
    for answer in answers:
        if answer.error:
            complain(str(answer.error))
        elif not answer.value:
            say(f"{answer.server}: nothing of ours is there")
        for owner in owners(answer.value or []):
            rows = [one.row() for one in answer.value or [] if one.owner == owner]
            table(f"{answer.server}: {len(rows)} entries of {owner}", Entry.COLUMNS, rows)
