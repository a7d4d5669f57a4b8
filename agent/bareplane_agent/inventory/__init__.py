"""`inventory`: everything about a machine that a residue test compares."""

from __future__ import annotations

from typing import Any

from ..host import Host


def inventory(host: Host) -> dict[str, Any]:
    return {}
