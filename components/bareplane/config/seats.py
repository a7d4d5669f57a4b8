"""Whether apps fit onto the servers that are to run them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from bareplane.config.app import NEED_IMAGES, PLACEMENTS, AppConfig, able
from bareplane.config.consistency import ROLES, entries, path, table, texts
from bareplane.config.spelling import did_you_mean
from bareplane.specs.ports import API_PORT, CONTROL_PLANE_PORTS, NODE_PORTS


def unseated(given: Mapping[str, Any]) -> list[str]:
    """A line for each app whose servers do not exist, are too few, or have its port taken: they share their ports."""
    workers, control_planes = (texts(given, "cluster", *ROLES[one]) for one in ("workers", "controlPlane.nodes"))
    hosts = [one for entry in entries(given, "hosts") if isinstance(one := table(entry).get("server"), str)]
    known = dict.fromkeys([*workers, *control_planes, *hosts])
    problems: list[str] = []
    holders: dict[tuple[str, int], str] = {}
    for position, entry in enumerate(entries(given, "apps")):
        app, key = as_app(table(entry)), f"apps.{position}"
        placement = app and (app.placement or PLACEMENTS.get(str(given.get("model"))))
        if app is None or placement is None:
            continue  # told by the keys' own checks
        strange = [one for one in app.servers if one not in known]
        problems += [f"{key}.servers: {one!r} is no server of the cluster{did_you_mean(one, known)}" for one in strange]
        if placement in NEED_IMAGES and app.image is None:
            problems.append(
                f"{key}.image: is missing, and {placement}, which is this model's placement, runs one; add it, or take "
                "placement: process"
            )
        if placement == "deployment" or strange:
            continue
        if app.volume is not None and not app.servers:
            problems.append(
                f"{key}.servers: is missing, and the app has a volume, which stays where it is: name its servers"
            )
        candidates = able(placement, workers, control_planes, hosts)
        seats = app.seats(candidates)
        if len(seats) < app.replicas:
            problems.append(
                f"{key}.replicas: {app.replicas}: there are {len(app.servers or candidates)} servers for it, and each "
                f"{placement} takes port {app.port} of its server; lower it, or name more servers"
            )
        problems += [f"{key}.port: {app.port}: is a port of Kubernetes' own there; take another"] * (
            app.port in ports(given) and bool(set(seats) & {*workers, *control_planes})
        )
        problems += [
            f"{key}.servers: {server} has CRI-O, which runs pods alone; take a server with containerd or Docker, or "
            "placement: deployment"
            for server in seats
            if placement == "container" and engine_of(server, given) == "cri-o"
        ]
        for server in seats:
            other = holders.setdefault((server, app.port), app.name)
            if other != app.name:
                problems.append(
                    f"{key}.port: {app.port}: {other} has it on {server} too; give one of them another port, or other "
                    "servers"
                )
        if placement == "container":
            problems += [
                f"{key}.{where}.{name}: holds a line break, which a container's environment cannot; put it into a file"
                for where, held in (("environment", app.environment), ("secretEnvironment", app.secret_environment))
                for name, value in held.items()
                if "\n" in value or "\r" in value
            ]
    return problems


def ports(given: Mapping[str, Any]) -> Sequence[object]:
    """What components of Kubernetes listen at, on nodes of any kind."""
    return (*NODE_PORTS, *CONTROL_PLANE_PORTS, path(given, "cluster", "port") or API_PORT)


def engine_of(server: str, given: Mapping[str, Any]) -> object:
    """The engine that would run an app's container there."""
    for entry in entries(given, "hosts"):
        if table(entry).get("server") == server:
            return table(entry).get("engine")
    return path(given, "cluster", "runtimes", server) or path(given, "cluster", "runtime")


def as_app(entry: Mapping[str, Any]) -> AppConfig | None:
    """The entry, as far as it is one."""
    try:
        return AppConfig.from_wire(dict(entry))
    except ValidationError:
        return None
