"""`Machine`: a server or VM under our care. Made first, deleted last, when what is left of the stack is swept."""

from __future__ import annotations

import time
from threading import Event

from bareplane.specs import MachineKindSpec
from bareplane_provider.errors import BareplaneError, InputError
from bareplane_provider.facts import MachineFacts, Moment, Platform
from bareplane_provider.kinds.fitness import doubts, refusal, unfit
from bareplane_provider.kinds.items import Item, Plan, directory, plan
from bareplane_provider.kinds.phase import Phase
from bareplane_provider.kinds.probe import PROBES, ask
from bareplane_provider.paths import STATE
from bareplane_provider.plugin.kind import Context, Created, Inputs, State
from bareplane_provider.transport.session import Session


class Arrivals:
    """When the engine last began to make a machine.

    It begins nothing after the first error it is told. A refusal is held back until no further machine has come for
    a moment, so that all servers are asked, and one run tells what is wrong with each.
    """

    QUIET = 1.0

    def __init__(self) -> None:
        self._last = 0.0

    def note(self) -> None:
        self._last = time.monotonic()

    def wait(self, cancelled: Event) -> None:
        while (left := self._last + self.QUIET - time.monotonic()) > 0 and not cancelled.wait(left):
            pass


ARRIVALS = Arrivals()


class Machine(Phase[MachineKindSpec]):
    name = "Machine"
    spec = MachineKindSpec
    slug = "machine"

    def create(self, name: str, inputs: Inputs, context: Context) -> Created:
        ARRIVALS.note()
        try:
            return super().create(name, inputs, context)
        except BareplaneError as error:
            if error.untouched:
                ARRIVALS.wait(context.cancelled)
            raise

    def items(self, spec: MachineKindSpec, machine: MachineFacts) -> list[Item]:
        return [directory(STATE, "0700", tree=True)]

    def plan(self, spec: MachineKindSpec, machine: MachineFacts, session: Session, context: Context) -> Plan:
        asked = time.time()
        answer = ask(session)
        moment = Moment.from_probe(answer["momentary"], asked, time.time())
        facts, platform = PROBES.remember(session, answer), Platform.from_probe(answer["facts"])
        name, address = spec.connection.name, spec.connection.address
        reasons = unfit(spec, facts, platform, moment)
        if reasons:
            raise InputError(refusal(name, address, reasons))
        for doubt in doubts(facts, platform, moment):
            context.warning(f"{name}: {doubt}")
        return plan(*self.items(spec, machine))

    def request_options(self, spec: MachineKindSpec) -> dict[str, bool]:
        return {"exclusive": True}

    def delete(self, id: str, state: State, context: Context) -> None:
        spec = self.parse(state.inputs)
        self.ask_removal({"operation": "sweep", "owner": spec.owner}, spec, context)
