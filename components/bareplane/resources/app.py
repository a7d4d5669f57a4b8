"""Apps, one resource for each replica on a machine, or one for all in the cluster."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import pulumi

from bareplane.config import AppConfig
from bareplane.resources.base import Place, Resource
from bareplane.resources.cluster import sealed, through
from bareplane.specs import Connection

REPORT = ("state", "addresses", "log")
"""What every one of them says of the app: outputs that no diff looks at, and a refresh reads again."""


class AppResource(Resource):
    """Part of an app, or all of it."""

    @property
    def state(self) -> pulumi.Output[str]:
        return self.output("state")

    @property
    def addresses(self) -> pulumi.Output[Sequence[str]]:
        """`<host>:<port>`, each."""
        return self.output("addresses")

    @property
    def log(self) -> pulumi.Output[Sequence[str]]:
        """Its last lines; secret."""
        return self.output("log")


class AppInstance(AppResource):
    """A replica on a machine; `kind` says as what."""

    kind: ClassVar[str]

    def __init__(self, name: str, place: Place, *, app: AppConfig, opts: pulumi.ResourceOptions | None = None) -> None:
        properties = {
            **place.to_wire(),
            "app": app.name,
            "command": list(app.command),
            "port": app.port,
            "environment": dict(app.environment),
            "limits": app.limits.to_wire(),
        }
        if app.image is not None:
            properties["image"] = app.image
        if app.secret_environment:
            hidden = {one: pulumi.Output.secret(value) for one, value in app.secret_environment.items()}
            properties["secretEnvironment"] = hidden
        if app.volume is not None:
            properties["volume"] = app.volume.to_wire()
        if app.health_check is not None:
            properties["healthCheck"] = app.health_check.to_wire()
        super().__init__(self.kind, name, properties, opts, REPORT)


class AppProcess(AppInstance):
    """A systemd service."""

    kind = "AppProcess"


class AppContainer(AppInstance):
    """A container of containerd's."""

    kind = "AppContainer"


class AppDeployment(AppResource):
    """Objects of the cluster."""

    def __init__(
        self,
        name: str,
        *,
        control_planes: Sequence[Connection],
        app: str,
        objects: Sequence[Mapping[str, Any]],
        wait_seconds: int = 300,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        properties = {
            **through(control_planes),
            "app": app,
            "objects": [sealed(one) for one in objects],
            "waitSeconds": wait_seconds,
        }
        super().__init__("AppDeployment", name, properties, opts, REPORT)
