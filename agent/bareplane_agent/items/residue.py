"""What running leaves behind, such as mounts and control groups: taken away with the entry that let it run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, Type

from ..context import Context
from ..fields import Fields
from ..host import Host
from ..ledger import Entry, Note
from ..residues.base import Kind
from ..residues.bridges import Bridges
from ..residues.cgroups import Cgroups
from ..residues.containers import Containers
from ..residues.iptables import Iptables
from ..residues.links import Links
from ..residues.mounts import Mounts
from ..residues.namespaces import Namespaces
from ..residues.netns import Netns
from ..residues.nft import Nft
from ..residues.processes import Processes
from ..residues.routes import Routes
from ..residues.slices import Slices
from .base import Facts, Item

KINDS: Dict[str, Type[Kind]] = {
    "bridges": Bridges,
    "cgroups": Cgroups,
    "containers": Containers,
    "iptables": Iptables,
    "links": Links,
    "mounts": Mounts,
    "namespaces": Namespaces,
    "netns": Netns,
    "nft": Nft,
    "processes": Processes,
    "routes": Routes,
    "slices": Slices,
}


@dataclass
class Residue(Item):
    """`what` is a kind and its argument; what of it was there before us is noted and never touched."""

    type = "residue"

    what: str

    @classmethod
    def parse(cls, fields: Fields) -> Residue:
        what = fields.text("what")
        name, _, argument = what.partition(" ")
        if name not in KINDS:
            raise fields.wrong("what", f"is {what!r}; it must begin with one of {', '.join(sorted(KINDS))}")
        KINDS[name].check(argument, f"{fields.what}: field 'what'")
        return cls(what)

    @property
    def key(self) -> str:
        return f"residue {self.what}"

    def observe(self, host: Host) -> Facts:
        return {}

    def record(self) -> dict[str, Any]:
        return {"what": self.what}

    def before(self, host: Host, entry: Entry) -> dict[str, Any]:
        name, _, argument = self.what.partition(" ")
        return {"there": KINDS[name].there(argument, host)}

    def apply(self, context: Context, facts: Facts) -> None:
        """Nothing: it only has something to undo."""

    @classmethod
    def undo(cls, note: Note, context: Context) -> None:
        name, _, argument = note.record["what"].partition(" ")
        KINDS[name].clear(argument, frozenset(note.before["there"]), context)
