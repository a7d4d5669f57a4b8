"""`Machine`: a server or VM under our care. Made first, deleted last; deleting it sweeps what is left of the stack there."""

from __future__ import annotations

from bareplane.specs import MachineKindSpec
from bareplane_provider.errors import InputError
from bareplane_provider.facts import MachineFacts
from bareplane_provider.kinds.items import Item, Plan, directory, plan
from bareplane_provider.kinds.phase import Phase
from bareplane_provider.kinds.probe import PROBES, ask
from bareplane_provider.paths import STATE
from bareplane_provider.plugin.kind import Context, State
from bareplane_provider.transport.session import Session


class Machine(Phase[MachineKindSpec]):
    name = "Machine"
    spec = MachineKindSpec
    slug = "machine"

    def items(self, spec: MachineKindSpec, machine: MachineFacts) -> list[Item]:
        return [directory(STATE, "0700", tree=True)]

    def plan(self, spec: MachineKindSpec, machine: MachineFacts, session: Session, context: Context) -> Plan:
        refuse_unfit(spec, PROBES.remember(session, ask(session)))
        return plan(*self.items(spec, machine))

    def request_options(self, spec: MachineKindSpec) -> dict[str, bool]:
        return {"exclusive": True}

    def delete(self, id: str, state: State, context: Context) -> None:
        spec = self.parse(state.inputs)
        session = context.machine(spec.connection.to_wire())
        session.agent(
            {"operation": "sweep", "owner": spec.owner, "deadline": self.deadline}, progress=context.progress
        )


def refuse_unfit(spec: MachineKindSpec, machine: MachineFacts) -> None:
    """Raises InputError when the machine cannot become a node, with every reason."""
    reasons: list[str] = []
    if machine.memory_mib < spec.minimum_memory_mib:
        reasons.append(f"it has {machine.memory_mib} MiB of memory, {spec.minimum_memory_mib} are needed")
    if machine.arch not in ("amd64", "arm64"):
        reasons.append(f"its architecture is {machine.arch}; amd64 and arm64 are supported")
    if reasons:
        raise InputError(f"{spec.connection.name} cannot be used: " + "; ".join(reasons))
