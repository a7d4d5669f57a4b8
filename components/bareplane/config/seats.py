"""Whether apps fit onto the servers that are to run them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from bareplane.config.app import NEED_IMAGES, PLACEMENTS, AppConfig, able
from bareplane.config.consistency import ROLES, entries, table, texts
from bareplane.config.spelling import did_you_mean


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
        candidates = able(placement, workers, control_planes, hosts)
        seats = app.seats(candidates)
        if len(seats) < app.replicas:
            problems.append(
                f"{key}.replicas: {app.replicas}: there are {len(app.servers or candidates)} servers for it, and each "
                f"{placement} takes port {app.port} of its server; lower it, or name more servers"
            )
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


def as_app(entry: Mapping[str, Any]) -> AppConfig | None:
    """The entry, as far as it is one."""
    try:
        return AppConfig.from_wire(dict(entry))
    except ValidationError:
        return None
