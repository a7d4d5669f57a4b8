"""An app as systemd services, on a server each."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi

from bareplane.apps.host import Host
from bareplane.config import AppConfig
from bareplane.resources import AppProcess


def process_app(parent: pulumi.Resource, app: AppConfig, hosts: Sequence[Host]) -> list[AppProcess]:
    """A replica on each of the hosts."""
    return [
        AppProcess(
            f"{app.name}-{host.name}-process",
            host.place,
            app=app,
            opts=pulumi.ResourceOptions(parent=parent, depends_on=[host.machine]),
        )
        for host in hosts
    ]
