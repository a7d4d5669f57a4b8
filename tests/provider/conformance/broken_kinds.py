"""A plugin whose kinds break their word, each in one way: the kit has to notice every one of them.

`Sample` keeps it. Run as a module, this is the plugin's program.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bareplane.specs.base import MachineSpec
from bareplane.specs.wire import NodeName
from bareplane_provider.errors import BareplaneError
from bareplane_provider.facts import MachineFacts
from bareplane_provider.kinds.identities import StackIdentity
from bareplane_provider.kinds.items import Item, command, directory, file, line, secret_file, symlink
from bareplane_provider.kinds.machine import Machine
from bareplane_provider.kinds.phase import Phase
from bareplane_provider.plugin.kind import Context, Created, Difference, Inputs, Kind, Outputs, State
from bareplane_provider.plugin.main import serve

FOLDER = "/etc/sample"
CONFIG, MADE, LAST = f"{FOLDER}/config", f"{FOLDER}/made", f"{FOLDER}/secret"


class SampleSpec(MachineSpec):
    node: NodeName
    text: str


class Sample(Phase[SampleSpec]):
    """A few items of several sorts, and a step that takes long enough to be interrupted."""

    name = "Sample"
    spec = SampleSpec
    slug = "sample"
    immutable = Phase.immutable | {"node"}
    takes = 0.7
    """Seconds."""

    def items(self, spec: SampleSpec, machine: MachineFacts) -> list[Item]:
        return [
            directory(FOLDER),
            file(CONFIG, spec.text),
            command("slow", ["sh", "-c", f"sleep {self.takes}; echo made >{MADE}"], produces=[{"path": MADE}]),
            secret_file(LAST, spec.node),
            symlink(f"{FOLDER}/link", "config"),
            line("/etc/hosts", f"192.0.2.1 {spec.node}.sample"),
        ]

    def on(self, state: State, context: Context, *argv: str) -> None:
        context.machine(self.parse(state.inputs).connection.to_wire()).run(list(argv))


class Unseeing(Sample):
    """Its read never sees the file."""

    def read(self, id: str, state: State, context: Context) -> Outputs | None:
        found = super().read(id, state, context)
        if found is None:
            return None
        return {**found, "facts": {key: one for key, one in found["facts"].items() if key != f"file {CONFIG}"}}


class Restless(Sample):
    """Writes each time it runs."""

    def items(self, spec: SampleSpec, machine: MachineFacts) -> list[Item]:
        stamp = f"{FOLDER}/stamp"
        always = command("stamp", ["sh", "-c", f"date +%N >{stamp}"], produces=[{"path": stamp}], unless=["false"])
        return [*super().items(spec, machine), always]


class Deaf(Sample):
    """Does not notice that an input changed."""

    ignored = frozenset({"text"})


class Halting(Sample):
    """Notices a changed input, and does nothing about it."""

    def update(self, id: str, old: State, new: Inputs, context: Context) -> Outputs:
        return super().update(id, old, old.inputs, context)

    def diff(self, old: State, new: Inputs) -> Difference:
        return Difference([*super().diff(old, new).changes])


class Blind(Sample):
    """Its read repeats what create said."""

    def read(self, id: str, state: State, context: Context) -> Outputs | None:
        found = super().read(id, state, context)
        return found and {**found, "facts": found["baseline"]}


class Rough(Sample):
    """Repairs by making everything anew."""

    def update(self, id: str, old: State, new: Inputs, context: Context) -> Outputs:
        self.on(old, context, "sh", "-c", f"rm -r {FOLDER}/*")
        return super().update(id, old, new, context)


class Vanishing(Sample):
    """Says that it is gone when a part is."""

    def read(self, id: str, state: State, context: Context) -> Outputs | None:
        found = super().read(id, state, context)
        return None if found is None or found["facts"] != found["baseline"] else found


class Leaving(Sample):
    """Leaves something behind."""

    def delete(self, id: str, state: State, context: Context) -> None:
        super().delete(id, state, context)
        self.on(state, context, "mkdir", "-p", FOLDER)


class OnceOnly(Sample):
    """Cannot be deleted when it is gone."""

    def delete(self, id: str, state: State, context: Context) -> None:
        if super().read(id, state, context) is None:
            raise BareplaneError(f"{id} is not there")
        super().delete(id, state, context)


class Insisting(Sample):
    """Cannot be deleted when a part was removed by hand."""

    def delete(self, id: str, state: State, context: Context) -> None:
        found = super().read(id, state, context)
        if found is not None and found["facts"] != found["baseline"]:
            raise BareplaneError(f"{id} is not as it was made")
        super().delete(id, state, context)


class Starting(Sample):
    """Cannot go on where an interrupted create stopped."""

    # A busy computer takes a while to end the plugin after the first file was seen.
    takes = 6

    def create(self, name: str, inputs: Inputs, context: Context) -> Created:
        spec = self.parse(inputs)
        session = context.machine(spec.connection.to_wire())
        if session.run(["test", "-e", CONFIG]).status == 0 and session.run(["test", "-e", LAST]).status:
            raise BareplaneError(f"{CONFIG} is there already")
        return super().create(name, inputs, context)


class Grabbing(Sample):
    """Takes over what belongs to another stack."""

    def apply(self, spec: SampleSpec, context: Context) -> Outputs:
        return super().apply(self.mine(spec), context)

    def delete(self, id: str, state: State, context: Context) -> None:
        wire = self.mine(self.parse(state.inputs)).to_wire()
        super().delete(id, State(wire, state.outputs), context)

    def mine(self, spec: SampleSpec) -> SampleSpec:
        return spec.model_copy(update={"owner": "whoever/it/is"})


BROKEN: Mapping[type[Sample], str] = {
    Unseeing: "made",
    Restless: "again",
    Deaf: "inputs",
    Halting: "inputs",
    Blind: "drift",
    Rough: "drift",
    Vanishing: "drift",
    Leaving: "deleted",
    OnceOnly: "deleted",
    Insisting: "removed by hand",
    Starting: "half made",
    Grabbing: "foreign",
}
"""Each with the check that has to fail."""


def kinds() -> Mapping[str, Kind]:
    every: list[Any] = [StackIdentity(), Machine(), Sample()]
    for kind in BROKEN:
        one: Any = kind()
        one.name = kind.__name__
        every.append(one)
    return {one.token: one for one in every}


if __name__ == "__main__":
    serve(kinds)
