"""Resources whose effects are in the cluster's API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

from bareplane.resources.base import Resource
from bareplane.specs import ClusterSettings, Connection

Options = pulumi.ResourceOptions | None


def through(control_planes: Sequence[Connection]) -> dict[str, Any]:
    return {"controlPlanes": [one.to_wire() for one in control_planes]}


class EtcdQuorum(Resource):
    """Waits for the first members' leader."""

    def __init__(
        self, name: str, *, control_planes: Sequence[Connection], members: Sequence[str], opts: Options = None
    ) -> None:
        super().__init__("EtcdQuorum", name, {**through(control_planes), "members": list(members)}, opts)


class ClusterBootstrap(Resource):
    """What a cluster needs once."""

    def __init__(
        self,
        name: str,
        *,
        control_planes: Sequence[Connection],
        cluster: ClusterSettings,
        node: str,
        address: str,
        opts: Options = None,
    ) -> None:
        properties = {**through(control_planes), "cluster": cluster.to_wire(), "node": node, "address": address}
        super().__init__("ClusterBootstrap", name, properties, opts)


class NodeMembership(Resource):
    """A node in the API: Ready when made, drained and removed when deleted."""

    def __init__(
        self,
        name: str,
        *,
        control_planes: Sequence[Connection],
        node: str,
        connection: Connection,
        drain_seconds: int = 120,
        labels: Mapping[str, str] | None = None,
        taints: Sequence[str] = (),
        opts: Options = None,
    ) -> None:
        properties = {
            **through(control_planes),
            "node": node,
            "connection": connection.to_wire(),
            "drainSeconds": drain_seconds,
            "labels": dict(labels or {}),
            "taints": list(taints),
        }
        super().__init__("NodeMembership", name, properties, opts)


class Manifest(Resource):
    """Kubernetes objects."""

    def __init__(
        self,
        name: str,
        *,
        control_planes: Sequence[Connection],
        objects: Sequence[Mapping[str, Any]],
        wait_seconds: int = 300,
        opts: Options = None,
    ) -> None:
        shown = [sealed(one) for one in objects]
        properties = {**through(control_planes), "objects": shown, "waitSeconds": wait_seconds}
        super().__init__("Manifest", name, properties, opts)


def sealed(one: Mapping[str, Any]) -> dict[str, Any]:
    """The object; what a Secret holds is a secret of the state, too."""
    if one.get("kind") != "Secret":
        return dict(one)
    hidden = {field: pulumi.Output.secret(one[field]) for field in ("data", "stringData") if field in one}
    return {**one, **hidden}
