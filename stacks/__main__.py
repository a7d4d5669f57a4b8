"""One program for every stack: the configuration's `model` says which."""

import os
import signal
from pathlib import Path
from types import FrameType

import pulumi

import traditional
from bareplane import ConfigError, read_config

MODELS = {"traditional": traditional.program}


def end(_signal: int, _frame: FrameType | None) -> None:
    """The engine ends a program it no longer needs with SIGINT; Python would print the language host's stack trace."""
    os._exit(1)


def main() -> None:
    signal.signal(signal.SIGINT, end)
    try:
        config = read_config(pulumi.get_project(), Path(__file__).resolve().parent.parent)
    except ConfigError as error:
        raise pulumi.RunError(str(error)) from error
    MODELS[config.model](config)


main()
