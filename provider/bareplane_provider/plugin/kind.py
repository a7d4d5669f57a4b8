"""What a kind is: the contract between the plugin (which speaks with the engine) and the kinds (with machines).

Kinds see plain Python values (dict, list, str, int, float, bool, None) and run in threads of the plugin's executor.
They raise `bareplane_provider.errors.BareplaneError`; anything else is reported as a defect.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from threading import Event
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol, final

if TYPE_CHECKING:
    from bareplane_provider.catalog import Needs
    from bareplane_provider.transport.session import Session

Inputs = dict[str, Any]
Outputs = dict[str, Any]


@final
class Unknown:
    """A value the engine will know only after another resource has been made. There is one: `UNKNOWN`."""

    _only: Unknown | None = None

    def __new__(cls) -> Unknown:
        if cls._only is None:
            cls._only = super().__new__(cls)
        return cls._only

    def __repr__(self) -> str:
        return "<unknown>"

    def __copy__(self) -> Unknown:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Unknown:
        return self


UNKNOWN: Final = Unknown()


@dataclass(frozen=True)
class Failure:
    """One property that `check` refuses, and what would be right."""

    property: str
    reason: str


@dataclass(frozen=True)
class State:
    """A resource as the engine remembers it: the inputs it was made from and the outputs its kind returned.

    `outputs` has no inputs in it; both are kept in the state under their own names, each once.
    """

    inputs: Inputs
    outputs: Outputs


ChangeKind = Literal["add", "update", "delete"]


@dataclass(frozen=True)
class Change:
    """One property that differs, by its path (`flags.name`, `facts["unit etcd.service"].active`)."""

    path: str
    kind: ChangeKind = "update"
    replace: bool = False


@dataclass(frozen=True)
class Difference:
    """All that differs; empty when nothing does. `delete_first`: a replacement must not exist beside the old one."""

    changes: Sequence[Change] = ()
    delete_first: bool = True


@dataclass(frozen=True)
class Created:
    """A resource made (or adopted): its deterministic id and the outputs that are not inputs."""

    id: str
    outputs: Outputs


class Context(Protocol):
    """What a kind may use while it works."""

    @property
    def cancelled(self) -> Event:
        """Set when the user interrupts: connections are closed, waits should end."""
        ...

    def machine(self, connection: Mapping[str, Any]) -> Session:
        """A session with the machine; dials on first use, shares one connection per machine."""
        ...

    def seconds(self, usual: float) -> float:
        """How long the work at hand may take: what is left of the user's customTimeouts, or else the `usual` time."""
        ...

    def begin(self, id: str, outputs: Outputs) -> None:
        """Said before the first change of a create or update: what the state remembers if the call then fails.

        However it fails: a cut connection or the user's interrupt leaves what was done until then, too.
        """
        ...

    def conceal(self, secret: str) -> None:
        """Keep a secret that was made during the call out of all that the call says."""
        ...

    def progress(self, text: str) -> None:
        """Show what is being done beside the resource, until the next one."""
        ...

    def warning(self, text: str) -> None:
        """Tell the user something that lasts."""
        ...


class Kind(Protocol):
    """One resource type. Instances hold no state of a call."""

    @property
    def token(self) -> str:
        """`bareplane:index:<Name>`."""
        ...

    @property
    def secret_outputs(self) -> frozenset[str]:
        """Outputs always marked secret. Inputs that were secret stay secret by themselves."""
        ...

    @property
    def stable_outputs(self) -> frozenset[str]:
        """Outputs an update never changes; a preview shows them as known, all others as unknown."""
        ...

    def needs(self, inputs: Inputs) -> Needs:
        """What it takes from the catalog, so that a bundle can hold it. Pure."""
        ...

    def check(self, inputs: Inputs) -> list[Failure]:
        """Refuse bad inputs; values may be UNKNOWN. No contact with anything."""
        ...

    def diff(self, old: State, new: Inputs) -> Difference:
        """What an update would change. Pure. UNKNOWN in `new` may be a change."""
        ...

    def create(self, name: str, inputs: Inputs, context: Context) -> Created:
        """Make it, or adopt what an interrupted create left."""
        ...

    def read(self, id: str, state: State, context: Context) -> Outputs | None:
        """Observe it, changing nothing: its outputs now, or None when it is gone."""
        ...

    def update(self, id: str, old: State, new: Inputs, context: Context) -> Outputs:
        """Change it in place; its outputs after."""
        ...

    def delete(self, id: str, state: State, context: Context) -> None:
        """Take it away; succeeds when it is gone already."""
        ...
