"""One program for every stack: the configuration's `model` says which."""

import os
import signal
import sys
from pathlib import Path
from types import FrameType

import pulumi

import on_servers
from bareplane import ConfigError, read_config

TOLD = 32
"""Exit status by which the language host knows that the user was told why; else it adds an error of its own."""
MODELS = {"traditional": on_servers.program, "containerization": on_servers.program}


def end(_signal: int, _frame: FrameType | None) -> None:
    """The engine ends a program it no longer needs with SIGINT; Python would print the language host's stack trace."""
    os._exit(1)


def main() -> None:
    signal.signal(signal.SIGINT, end)
    try:
        config = read_config(pulumi.get_project(), Path(__file__).resolve().parent.parent)
        MODELS[config.model](config)
    except ConfigError as error:
        pulumi.log.error(str(error))
        sys.exit(TOLD)


main()
