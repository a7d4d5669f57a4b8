"""One program for every stack: the configuration's `model` says which."""

from pathlib import Path

import pulumi

import traditional
from bareplane import ConfigError, read_config

MODELS = {"traditional": traditional.program}


def main() -> None:
    try:
        config = read_config(pulumi.get_project(), Path(__file__).resolve().parent.parent)
    except ConfigError as error:
        raise pulumi.RunError(str(error)) from error
    MODELS[config.model](config)


main()
