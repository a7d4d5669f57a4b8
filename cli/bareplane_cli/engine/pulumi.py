"""Pulumi's command line on one stack."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import Any

from bareplane_cli.engine.lock import Holder, holders
from bareplane_cli.errors import EngineError


class LockedError(EngineError):
    """Another run holds the stack's lock."""

    def __init__(self, message: str, holders: tuple[Holder, ...]) -> None:
        super().__init__(message)
        self.holders = holders


@dataclass(frozen=True)
class Pulumi:
    """`pulumi`, as found on PATH and set up by the environment."""

    root: Path
    stack: str

    def deployment(self) -> dict[str, Any]:
        """The stack's state, secrets encrypted. Takes no lock."""
        return json.loads(self.run("stack", "export"))["deployment"]

    def cancel(self) -> None:
        """Take the lock away, whoever holds it."""
        self.run("cancel", "--yes")

    def refresh(self) -> list[dict[str, Any]]:
        """Read what is there into the state and forget pending creates; the engine's events. Raises LockedError."""
        said = self.run("refresh", "--yes", "--skip-preview", "--clear-pending-creates", "--json")
        return events(said)

    def run(self, *arguments: str) -> str:
        command = ["pulumi", "--cwd", str(self.root), *arguments, "--stack", self.stack]
        try:
            done = subprocess.run(
                [*command, "--non-interactive", "--color=never"],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
            )
        except FileNotFoundError:
            raise EngineError('there is no `pulumi` on PATH; in the clone: eval "$(make -s env)"') from None
        if done.returncode:
            words = " ".join(takewhile(lambda one: not one.startswith("-"), arguments))
            raise failure(f"stack {self.stack}: `pulumi {words}`", done.stdout, done.stderr)
        return done.stdout


def failure(what: str, said: str, complained: str) -> EngineError:
    held = holders(complained + said)
    if held:
        return LockedError(f"{what}: the stack is locked by {', '.join(map(str, held))}", held)
    diagnostics = [one["diagnosticEvent"] for one in events(said) if "diagnosticEvent" in one]
    errors = [one["message"] for one in diagnostics if one["severity"] == "error"] or [complained or said]
    return EngineError(f"{what} failed: " + "; ".join(one_line(text) for text in errors if text.strip()))


def one_line(text: str) -> str:
    return " ".join(text.split()).removeprefix("error: ")


def events(said: str) -> list[dict[str, Any]]:
    """The engine's events, one a line; other lines are for people."""
    return [json.loads(line) for line in said.splitlines() if line.startswith('{"sequence"')]
