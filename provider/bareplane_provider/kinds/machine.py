"""`Machine`: a server or VM under our care. Made first, deleted last, when what is left of the stack is swept."""

from __future__ import annotations

from bareplane.specs import MachineKindSpec
from bareplane_provider.errors import InputError
from bareplane_provider.facts import MachineFacts, Moment
from bareplane_provider.kinds.items import Item, Plan, directory, plan
from bareplane_provider.kinds.phase import Phase
from bareplane_provider.kinds.probe import PROBES, ask
from bareplane_provider.paths import STATE
from bareplane_provider.plugin.kind import Context, State
from bareplane_provider.transport.session import Session

ARCHITECTURES = ("amd64", "arm64")


class Machine(Phase[MachineKindSpec]):
    name = "Machine"
    spec = MachineKindSpec
    slug = "machine"

    def items(self, spec: MachineKindSpec, machine: MachineFacts) -> list[Item]:
        return [directory(STATE, "0700", tree=True)]

    def plan(self, spec: MachineKindSpec, machine: MachineFacts, session: Session, context: Context) -> Plan:
        answer = ask(session)
        refuse_unfit(spec, PROBES.remember(session, answer), Moment.from_probe(answer["momentary"]))
        return plan(*self.items(spec, machine))

    def request_options(self, spec: MachineKindSpec) -> dict[str, bool]:
        return {"exclusive": True}

    def delete(self, id: str, state: State, context: Context) -> None:
        spec = self.parse(state.inputs)
        session = context.machine(spec.connection.to_wire())
        session.agent({"operation": "sweep", "owner": spec.owner, "deadline": self.deadline}, progress=context.progress)


def refuse_unfit(spec: MachineKindSpec, machine: MachineFacts, moment: Moment) -> None:
    """Raises InputError when the machine cannot become a node, with every reason."""
    reasons = unfit(spec, machine, moment)
    if reasons:
        raise InputError(
            f"{spec.connection.name} ({spec.connection.address}) cannot be used: {'; '.join(reasons)}; "
            "choose another server, or mend this one and run `pulumi up` again"
        )


def unfit(spec: MachineKindSpec, machine: MachineFacts, moment: Moment) -> list[str]:
    """Why the machine cannot become a node; what runs there is ours already once the ledger says so."""
    reasons: list[str] = []
    if machine.arch not in ARCHITECTURES:
        reasons.append(f"its architecture is {machine.arch}, supported are {', '.join(ARCHITECTURES)}")
    if machine.memory_mib < spec.minimum_memory_mib:
        reasons.append(f"it has {machine.memory_mib} MiB of memory, at least {spec.minimum_memory_mib} are needed")
    if moment.owners:
        others = [one for one in moment.owners if one != spec.owner]
        return reasons + [f"its ledger says that it belongs to the stack {one}" for one in others]
    if moment.disk_free_mib < spec.minimum_disk_mib:
        reasons.append(
            f"{moment.disk_free_mib} MiB are free below /var/lib, at least {spec.minimum_disk_mib} are needed"
        )
    if moment.kubernetes_running:
        reasons.append(f"another Kubernetes runs there ({', '.join(moment.kubernetes_running)})")
    if moment.runtimes_running:
        reasons.append(f"a container runtime of somebody else runs there ({', '.join(moment.runtimes_running)})")
    taken = sorted(moment.listening.intersection(spec.ports))
    if taken:
        reasons.append(f"ports that a node needs are in use: {', '.join(map(str, taken))}")
    return reasons
