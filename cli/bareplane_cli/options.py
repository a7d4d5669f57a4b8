"""Options that several commands take."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

DEFAULT_STACK = "traditional"

Inventory = Annotated[
    Path | None, typer.Option(help="A file with `servers:`, instead of the servers of a stack.", show_default=False)
]
Stack = Annotated[str, typer.Option(help="The stack whose configuration names the servers.")]
ProjectFolder = Annotated[
    Path | None, typer.Option("--project", help="Directory of Pulumi.yaml.", show_default="here or above")
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
