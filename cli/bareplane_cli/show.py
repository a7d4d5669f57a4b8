"""What people see: tables and results on standard output, errors and progress on standard error."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

# What is no terminal has no width: other programs read every word.
OUT = Console(highlight=False, width=None if sys.stdout.isatty() else 1000)
ERR = Console(stderr=True, highlight=False, soft_wrap=True)


def say(text: str) -> None:
    OUT.print(escape(text), soft_wrap=True)


def complain(text: str) -> None:
    ERR.print(f"[red]error:[/red] {escape(text)}")


def warn(text: str) -> None:
    ERR.print(f"[yellow]warning:[/yellow] {escape(text)}")


def progress(text: str) -> None:
    ERR.print(f"[dim]{escape(text)}[/dim]")


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    OUT.print(f"[bold]{escape(title)}[/bold]", soft_wrap=True)
    shown = Table(box=None, pad_edge=False)
    for column in columns:
        shown.add_column(column, overflow="fold")
    for row in rows:
        shown.add_row(*map(escape, row))
    OUT.print(shown)
