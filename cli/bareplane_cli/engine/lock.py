"""Who holds a stack's lock, and whether that run is still alive."""

from __future__ import annotations

import re
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

# As Pulumi's own backends name a lock; a user's name may hold an @, a host's may not.
_HELD = re.compile(r"created by (?P<user>.+)@(?P<host>[^@\s]+) \(pid (?P<pid>\d+)\) at (?P<since>\S+)")
_ENGINE = "pulumi"
Life = Literal["alive", "dead", "unknown"]


@dataclass(frozen=True)
class Holder:
    """The run that took a lock."""

    user: str
    host: str
    pid: int
    since: str

    def __str__(self) -> str:
        return f"{self.user}@{self.host}, process {self.pid}, since {self.since}"

    def life(self, here: str | None = None, processes: Path = Path("/proc")) -> Life:
        """Whether it still runs; of another computer's runs nothing is known.

        A process of that number that is no engine got the number after the holder had ended.
        """
        if self.host != (here or socket.gethostname()):
            return "unknown"
        try:
            name, state = _name_and_state((processes / str(self.pid) / "stat").read_text())
        except (FileNotFoundError, ProcessLookupError):
            return "dead"
        return "alive" if state != "Z" and name.startswith(_ENGINE) else "dead"


def _name_and_state(stat: str) -> tuple[str, str]:
    """From `12 (pulumi) S …`; a name may hold brackets."""
    name, rest = stat.split("(", 1)[1].rsplit(")", 1)
    return name, rest.split()[0]


def holders(said: str) -> tuple[Holder, ...]:
    """From what the engine says when a stack is locked; none when it says something else."""
    return tuple(
        Holder(found["user"], found["host"], int(found["pid"]), found["since"]) for found in _HELD.finditer(said)
    )
