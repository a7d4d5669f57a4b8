"""What a run that was interrupted had begun."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

BECOMES = {
    "creating": "forgotten; the next `pulumi up` takes up what was made of it",
    "taking": "forgotten; what is ours on the machine is taken away",
    "updating": "read as it is now; the next `pulumi up` finishes it",
    "deleting": "read: dropped if it is gone, otherwise deleted by the next run",
}
READ = "read again"


@dataclass(frozen=True)
class Pending:
    """One unfinished operation on one resource."""

    COLUMNS: ClassVar = ("resource", "kind", "was", "now")

    resource: str
    kind: str
    operation: str
    inputs: Mapping[str, Any] = field(default_factory=dict[str, Any], repr=False)

    @property
    def taking(self) -> bool:
        """A machine was about to come under our care, so that nothing else of the state is there."""
        return (self.kind, self.operation) == ("Machine", "creating")

    @property
    def becomes(self) -> str:
        """What recovery makes of it."""
        return BECOMES.get("taking" if self.taking else self.operation, READ)

    def row(self) -> tuple[str, str, str, str]:
        return self.resource, self.kind, self.operation, self.becomes


def pending(deployment: dict[str, Any]) -> list[Pending]:
    """From a stack's exported state."""
    operations = [(one["type"], one["resource"]) for one in deployment.get("pending_operations") or ()]
    return [
        Pending(name_of(one["urn"]), kind_of(one["type"]), operation, one.get("inputs", {}))
        for operation, one in operations
    ]


def name_of(urn: str) -> str:
    return urn.rsplit("::", 1)[1]


def kind_of(token: str) -> str:
    return token.rsplit(":", 1)[1]
