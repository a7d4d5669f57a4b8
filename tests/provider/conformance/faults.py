"""The faults that every kind is put through: a mishap, and when it strikes. The same list for all of them.

`begun`: the ledger has just been told what is meant to happen (create, update: `intent`; delete: `removing`), and the
agent is held there meanwhile. `amid`: at a random moment of the usual duration. `done`: all is done on the machine and
written down, the answer has not been sent. Kinds that need no agent are struck by the clock instead.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from tests.provider.conformance import mishaps as m
from tests.provider.conformance.mishaps import Mishap

When = Literal["before", "begun", "amid", "done", "after"]
Operation = Literal["create", "update", "delete"]
OPERATIONS: tuple[Operation, ...] = ("create", "update", "delete")


@dataclass(frozen=True)
class Fault:
    mishap: Mishap
    when: When

    @property
    def name(self) -> str:
        return f"{self.mishap.name}, {self.when}"


def _faults() -> Iterator[Fault]:
    struck: tuple[tuple[Mishap, tuple[When, ...]], ...] = (
        (m.CUT, ("before", "begun", "amid", "done")),
        (m.SILENT_A_WHILE, ("begun",)),
        (m.SILENT_FOR_GOOD, ("begun", "done")),
        (m.REFUSING, ("amid",)),
        (m.SSHD_KILLED, ("before", "amid")),
        (m.SSHD_STOPPED, ("begun",)),
        (m.NO_PROCESSES, ("before", "begun")),
        (m.NO_PYTHON, ("before",)),
        (m.REBOOT, ("begun", "after")),
        (m.POWER_CUT, ("begun", "amid", "done")),
        (m.PLUGIN_KILLED, ("begun", "amid", "done")),
        (m.PLUGIN_TERMINATED, ("amid",)),
        (m.CANCELLED, ("begun", "amid")),
        (m.AGENT_KILLED, ("begun", "amid", "done")),
        (m.AGENT_TERMINATED, ("begun",)),
        (m.AGENT_FROZEN, ("begun",)),
        (m.AGENT_OOM, ("begun",)),
        (m.COMPONENT_OOM, ("begun", "after")),
        (m.COMPONENT_KILLED, ("amid", "after")),
        (m.COMPONENT_FROZEN, ("before",)),
        (m.HANGING, ("before", "begun")),
        (m.API_REFUSED, ("before", "begun")),
        (m.API_SILENT, ("amid",)),
        (m.LOCKED, ("before",)),
        (m.LOCKED_A_WHILE, ("before",)),
        (m.ETC_FULL, ("before", "begun")),
        (m.ETC_FILLS, ("before",)),
        (m.OPT_FULL, ("begun",)),
        (m.OPT_FILLS, ("before",)),
        (m.VAR_FULL, ("before", "begun", "amid")),
        (m.RUN_FULL, ("before",)),
        (m.read_only("/etc"), ("before", "amid")),
        (m.read_only("/var/lib"), ("before", "begun")),
        (m.read_only("/etc", "/opt", "/var/lib"), ("begun",)),
        (m.SERVER_AHEAD, ("before",)),
        (m.SERVER_BEHIND, ("begun",)),
        (m.OWN_AHEAD, ("before",)),
        (m.OWN_BEHIND, ("before",)),
    )
    return (Fault(mishap, when) for mishap, moments in struck for when in moments)


FAULTS: tuple[Fault, ...] = tuple(_faults())


def named(name: str) -> Fault:
    return next(one for one in FAULTS if one.name == name)
