"""What all resources share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi

from bareplane.specs import Connection


@dataclass(frozen=True)
class Place:
    """A machine as a resource's input: how it is reached, and whose ledger entries are ours."""

    connection: Connection
    owner: pulumi.Input[str]

    def to_wire(self) -> dict[str, Any]:
        return {"connection": self.connection.to_wire(), "owner": self.owner}


class Resource(pulumi.CustomResource):
    """A resource of the provider `bareplane`. `outputs` names what the provider adds to the inputs."""

    def __init__(
        self,
        kind: str,
        name: str,
        properties: Mapping[str, Any],
        opts: pulumi.ResourceOptions | None,
        outputs: tuple[str, ...] = (),
    ) -> None:
        super().__init__(f"bareplane:index:{kind}", name, {**dict.fromkeys(outputs), **properties}, opts)

    def output(self, name: str) -> pulumi.Output[Any]:
        """One of `outputs`, as the engine sets it on the resource."""
        return self.__dict__[name]
