"""The command line: its subcommands, and how an error is told."""

from __future__ import annotations

import sys

import typer

from bareplane.config import ConfigError
from bareplane_cli.commands import clean, ledger, recover
from bareplane_cli.errors import EXIT_FAILED, RefusedError
from bareplane_cli.show import complain
from bareplane_provider.errors import BareplaneError

app = typer.Typer(
    name="bareplane",
    help="See and mend what bareplane did to machines and stacks.",
    no_args_is_help=True,
    add_completion=False,
    # A traceback with the values of variables could show secrets.
    pretty_exceptions_enable=False,
)


@app.callback()
def every() -> None:
    """Exit status: 0 done, or nothing to do; 1 something failed; 2 wrong usage; 3 refused."""


for name, command in {"ledger": ledger.run, "clean": clean.run, "recover": recover.run}.items():
    app.command(name)(command)


def main() -> None:
    try:
        app(prog_name="bareplane")
    except (BareplaneError, ConfigError) as error:
        complain(str(error))
        sys.exit(error.status if isinstance(error, RefusedError) else EXIT_FAILED)
