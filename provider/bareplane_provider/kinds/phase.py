"""A phase on a machine: a spec and the machine's facts become items, which the agent brings about."""

from __future__ import annotations

import hashlib
import json
from abc import abstractmethod
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar, Generic, TypeVar

from bareplane.specs import MachineSpec
from bareplane_provider.errors import AgentError, BareplaneError, DeadlineError
from bareplane_provider.facts import MachineFacts
from bareplane_provider.kinds.base import SpecKind, contains_unknown
from bareplane_provider.kinds.differences import covers, join
from bareplane_provider.kinds.items import Item, Plan
from bareplane_provider.kinds.probe import probe
from bareplane_provider.plugin.kind import Change, Context, Created, Inputs, Outputs, State
from bareplane_provider.transport.session import Session

M = TypeVar("M", bound=MachineSpec)

# What an observation needs of an item; contents stay out of the state.
UNOBSERVED = frozenset({"content", "stdin", "environment", "argv", "unless", "rerun_on", "restart_on", "ready"})

# Remembered when a phase broke off, however it did: the ledger has what was done, and the next preview names the phase
# as unfinished.
INCOMPLETE = {"facts": {"phase": {"state": "incomplete"}}, "baseline": {"phase": {"state": "done"}}}


class Phase(SpecKind[M], Generic[M]):
    """One step of the bootstrap on one machine."""

    slug: ClassVar[str]
    """The phase's name in ids and in the ledger."""
    deadline: ClassVar[int] = 600
    """Seconds the agent may take."""
    immutable: ClassVar[frozenset[str]] = frozenset({"connection.name", "owner"})

    @abstractmethod
    def items(self, spec: M, machine: MachineFacts) -> list[Item]:
        """What should be on the machine, in order. Pure."""

    def plan(self, spec: M, machine: MachineFacts, session: Session, context: Context) -> Plan:
        """The items, with what they need from the catalog or from the machine itself."""
        return Plan(self.items(spec, machine), {})

    @contextmanager
    def planned(self, spec: M, machine: MachineFacts, session: Session, context: Context) -> Generator[Plan]:
        """The plan, for as long as something it was given for this one run (a token) is valid."""
        yield self.plan(spec, machine, session, context)

    def fingerprint(self, spec: M, machine: MachineFacts) -> str:
        """Changes when this version of bareplane would render the phase otherwise than the one that made it."""
        return hashlib.sha256(json.dumps(self.items(spec, machine), sort_keys=True).encode()).hexdigest()[:16]

    def entry(self, spec: M) -> str:
        """The phase's entry in the machine's ledger, and the resource's id."""
        return f"{spec.connection.name}/{self.slug}"

    def create(self, name: str, inputs: Inputs, context: Context) -> Created:
        spec = self.parse(inputs)
        return Created(self.entry(spec), self.apply(spec, context))

    def update(self, id: str, old: State, new: Inputs, context: Context) -> Outputs:
        return self.apply(self.parse(new), context)

    def apply(self, spec: M, context: Context) -> Outputs:
        """Bring the machine to the spec; returns what the state remembers."""
        session = context.machine(spec.connection.to_wire())
        machine = probe(session)
        with self.planned(spec, machine, session, context) as made:
            request: dict[str, Any] = {
                "operation": "apply",
                "entry": self.entry(spec),
                "owner": spec.owner,
                "deadline": context.seconds(self.deadline),
                "items": list(made.items),
                **self.request_options(spec),
            }
            context.begin(request["entry"], INCOMPLETE)
            try:
                facts = session.agent(
                    request, made.blobs, progress=context.progress, encoding="zstd" if machine.zstd else "none"
                )["facts"]
            except (AgentError, DeadlineError) as error:
                why = overdue(error, request["deadline"]) or str(error)
                raise BareplaneError(f"{spec.connection.name}: {self.name}: {why}") from error
        return {
            "facts": facts,
            "baseline": facts,
            "items": [observed_part(one) for one in made.items],
            "machine": machine.to_wire(),
            "fingerprint": self.fingerprint(spec, machine),
        }

    def request_options(self, spec: M) -> dict[str, Any]:
        """Further fields of the agent's request."""
        return {}

    def read(self, id: str, state: State, context: Context) -> Outputs | None:
        spec = self.parse(state.inputs)
        session = context.machine(spec.connection.to_wire())
        answer = session.agent(
            {
                "operation": "observe",
                "entry": id,
                "owner": spec.owner,
                "deadline": self.deadline,
                "items": state.outputs.get("items", []),
            },
            progress=context.progress,
        )
        if answer["entry"] is None:
            # Without a ledger entry nothing there is ours: the machine was swept, or is another one.
            return None
        known = {**state.outputs, "facts": answer["facts"]}
        if answer["entry"]["state"] == "done":
            return known
        # All may be as wished: the run was cut before it said so, and the ledger's last word is still to be written.
        baseline = known.get("baseline", {})
        return {
            **known,
            "facts": {**answer["facts"], **INCOMPLETE["facts"]},
            "baseline": {**baseline, **INCOMPLETE["baseline"]},
        }

    def delete(self, id: str, state: State, context: Context) -> None:
        spec = self.parse(state.inputs)
        self.ask_removal({"operation": "remove", "entry": id, "owner": spec.owner}, spec, context)

    def ask_removal(self, request: dict[str, Any], spec: M, context: Context) -> None:
        """Have the agent undo what the ledger says."""
        seconds = context.seconds(self.deadline)
        try:
            context.machine(spec.connection.to_wire()).agent(
                {**request, "deadline": seconds}, progress=context.progress
            )
        except (AgentError, DeadlineError) as error:
            why = overdue(error, seconds)
            if why is None:
                raise
            raise DeadlineError(f"{spec.connection.name}: {self.name}: {why}") from error

    def drift(self, old: State, new: Inputs) -> list[Change]:
        found = super().drift(old, new)
        blurred = unjudged(old.outputs.get("items", []), found)
        found = [change for change in found if change.path not in blurred]
        known = old.outputs.get("machine")
        if known and not contains_unknown(new) and old.inputs == new:
            now = self.fingerprint(self.parse(new), MachineFacts.from_wire(known))
            if now != old.outputs.get("fingerprint"):
                found.append(Change("fingerprint"))
        return found


def overdue(error: AgentError | DeadlineError, seconds: float) -> str | None:
    """In one line what was not done in time and what helps; None when something else went wrong."""
    if isinstance(error, AgentError) and error.code != "deadline":
        return None
    step = (error.item if isinstance(error, AgentError) else None) or "the work there"
    return (
        f"{step} was not done within {seconds:.0f} s and was ended; see what hangs there, or give it longer with "
        "the resource option customTimeouts"
    )


def unjudged(items: Sequence[Item], changes: Sequence[Change]) -> set[str]:
    """Facts that say nothing while the file they are judged by differs itself: by whom a certificate is signed."""
    differing = {change.path for change in changes}
    found: set[str] = set()
    for item in items:
        for one in item.get("produces", []):
            judge = join("facts", f"file {one['ca']}") if "ca" in one else None
            if judge is not None and any(covers(judge, path) for path in differing):
                own = join("facts", f"command {item['name']}")
                found |= {join(own, f"{one['path']} {fact}") for fact in ("issuer", "authority")}
    return found


def observed_part(item: Item) -> Item:
    return {name: value for name, value in item.items() if name not in UNOBSERVED}
