"""An app as containers of containerd's, on a server each."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi

from bareplane.apps.host import Host
from bareplane.config import AppConfig
from bareplane.resources import AppContainer


def container_app(parent: pulumi.Resource, app: AppConfig, hosts: Sequence[Host]) -> list[AppContainer]:
    """A replica on each of the hosts, whose engine is containerd."""
    return [
        AppContainer(
            f"{app.name}-{host.name}-container",
            host.place,
            app=app,
            opts=pulumi.ResourceOptions(parent=parent, depends_on=[*host.prepared]),
        )
        for host in hosts
    ]
