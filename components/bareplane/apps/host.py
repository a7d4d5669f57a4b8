"""Where processes and containers run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import pulumi

from bareplane.resources import Place
from bareplane.specs import Connection


class Host(Protocol):
    """A machine under our care: a `Server` of a cluster, or a `ContainerHost`."""

    @property
    def name(self) -> str: ...

    @property
    def connection(self) -> Connection: ...

    @property
    def engine(self) -> str:
        """What runs containers there: `containerd`, `docker` or `cri-o`."""
        ...

    @property
    def place(self) -> Place: ...

    @property
    def machine(self) -> pulumi.Resource:
        """Made before anything else there."""
        ...

    @property
    def prepared(self) -> Sequence[pulumi.Resource]:
        """What a container there depends on."""
        ...
