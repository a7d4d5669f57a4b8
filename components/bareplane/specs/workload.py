"""What an app is, wherever it runs: the parts that the configuration and the kinds have in common."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints

from bareplane.specs.quantity import Cpu, Size
from bareplane.specs.wire import Spec

Placement = Literal["process", "container", "deployment"]

APP = r"^[a-z0-9]+(-[a-z0-9]+)*$"
"""containerd takes no two dashes in a row."""
PROGRAM = re.compile(r"[A-Za-z0-9_./][A-Za-z0-9_./+-]*")
"""systemd reads signs before a program's name as orders of its own."""
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
FOLDER = re.compile(r"(/[A-Za-z0-9_][A-Za-z0-9_.-]*)+")
PATH = re.compile(r"/[A-Za-z0-9_.~/-]*(\?[A-Za-z0-9_.~=&-]*)?")
OURS = ("PORT", "NODE_NAME")
"""Variables that every app is given."""


def is_a_variable(value: str) -> str:
    if not VARIABLE.fullmatch(value):
        raise ValueError("is no name of a variable; take letters, digits and underscores, like LOG_LEVEL")
    if value in OURS:
        raise ValueError(f"{' and '.join(OURS)} are set for every app; take another name")
    return value


def is_a_value(value: str) -> str:
    refuse_controls(value, "\t\n")
    return value


def is_a_word(value: str) -> str:
    """One that stands in a unit file, a command line and a manifest alike."""
    refuse_controls(value, "\t")
    return value


def refuse_controls(value: str, allowed: str) -> None:
    """Raises ValueError for control characters, and for what UTF-8 or systemd's check of it refuses."""
    for one in value:
        code = ord(one)
        strange = 0xD800 <= code <= 0xDFFF or 0xFDD0 <= code <= 0xFDEF or code & 0xFFFE == 0xFFFE
        if strange or (one not in allowed and (code < 32 or code == 127)):
            raise ValueError("holds a control character or half of one; keep such text in a file")


def is_a_command(value: tuple[str, ...]) -> tuple[str, ...]:
    if value and not value[0]:
        raise ValueError("begins with an empty word; the first is the program")
    if value and not PROGRAM.fullmatch(value[0]):
        raise ValueError(f"begins with {value[0]!r}, which is no program's path; write it like /usr/bin/app")
    return value


def is_a_folder(value: str) -> str:
    if not FOLDER.fullmatch(value):
        raise ValueError("is no absolute path of a directory; write it like /data")
    return value


def is_a_path(value: str) -> str:
    if not PATH.fullmatch(value):
        raise ValueError("is no path to ask for over HTTP; write it like /healthz")
    return value


Port = Annotated[int, Field(ge=1, le=65535)]
Variable = Annotated[str, AfterValidator(is_a_variable)]
Value = Annotated[str, AfterValidator(is_a_value)]
AppName = Annotated[str, StringConstraints(pattern=APP, max_length=50)]
Command = Annotated[tuple[Annotated[str, AfterValidator(is_a_word)], ...], AfterValidator(is_a_command)]
Environment = dict[Variable, Value]


class VolumeSpec(Spec):
    """A directory that outlives an app's updates, and goes with the app."""

    path: Annotated[str, AfterValidator(is_a_folder)]
    """Where the app sees it."""
    size: Size = "1Gi"
    """What a claim in a cluster asks for; on a server nothing holds an app to it."""


class HealthCheckSpec(Spec):
    """An HTTP GET on the app's port: well is what answers with a status below 400."""

    path: Annotated[str, AfterValidator(is_a_path)]
    period_seconds: Annotated[int, Field(ge=1, le=3600)] = 10


class LimitsSpec(Spec):
    """What an app may take at most; what is left out is not limited."""

    cpu: Cpu | None = None
    memory: Size | None = None
