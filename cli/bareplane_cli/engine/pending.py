"""What a run that was interrupted had begun."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

BECOMES = {
    "creating": "forgotten; the next `pulumi up` takes up what was made of it",
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

    @property
    def becomes(self) -> str:
        """What recovery makes of it."""
        return BECOMES.get(self.operation, READ)

    def row(self) -> tuple[str, str, str, str]:
        return self.resource, self.kind, self.operation, self.becomes


def pending(deployment: dict[str, Any]) -> list[Pending]:
    """From a stack's exported state."""
    return [
        Pending(name_of(one["resource"]["urn"]), kind_of(one["resource"]["type"]), one["type"])
        for one in deployment.get("pending_operations") or ()
    ]


def name_of(urn: str) -> str:
    return urn.rsplit("::", 1)[1]


def kind_of(token: str) -> str:
    return token.rsplit(":", 1)[1]
