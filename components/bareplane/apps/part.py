"""What each placement tells of a replica, or of all of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import pulumi


class AppPart(Protocol):
    """Part of an app, or all of it."""

    @property
    def state(self) -> pulumi.Output[str]:
        """`running`, or what else it is doing."""
        ...

    @property
    def addresses(self) -> pulumi.Output[Sequence[str]]:
        """`<host>:<port>`, each."""
        ...

    @property
    def log(self) -> pulumi.Output[Sequence[str]]:
        """Its last lines; secret."""
        ...
