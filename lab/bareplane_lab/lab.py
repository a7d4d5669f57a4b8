"""A lab as a whole: up, down, status, restart."""

from __future__ import annotations

import contextlib
import ipaddress
import shutil
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from bareplane_lab import containers, engine, host, image, inventory, keys, network, readiness, seed
from bareplane_lab.cache import locked
from bareplane_lab.commands import require
from bareplane_lab.containers import Container
from bareplane_lab.errors import LabError
from bareplane_lab.place import Place
from bareplane_lab.progress import Progress

AT_ONCE = 8


def up(place: Place, count: int, progress: Progress) -> None:
    """Makes servers 1 to `count` exist, run and answer; what is there already stays as it is."""
    require("docker", "ssh", "ssh-keygen")
    with locked(place.lock), locked(engine.use_lock(), shared=True):
        engine.ensure(progress)
        host.set_limits(progress)
        host.load_bridge_filter(progress)
        server_image = image.ensure(progress)
        subnet = network.ensure(place, progress)
        existing = containers.settled(place)
        names = _names(count, existing)
        client = keys.client_key(place)
        identities = [_identity(place, name, subnet, client) for name in names]
        entries = [inventory.Entry(one.name, one.address, one.host_key_public) for one in identities]
        inventory.write_known_hosts(place, entries)
        with ThreadPoolExecutor(AT_ONCE) as pool:
            jobs = [
                pool.submit(_ensure_server, place, one, existing.get(one.name), server_image.name, progress)
                for one in identities
            ]
        for job in jobs:
            job.result()
        inventory.write(place, entries)
        progress.say(f"{len(entries)} servers ready: {place.inventory}")


def down(place: Place, progress: Progress) -> None:
    """Removes what belongs to this lab; stops the engine if the lab tool started it and nothing else uses it."""
    require("docker")
    with locked(place.lock):
        if engine.answers():
            servers = list(containers.settled(place))
            with ThreadPoolExecutor(AT_ONCE) as pool:
                jobs = [pool.submit(containers.remove, place, server) for server in servers]
            for job in jobs:
                job.result()
            containers.remove_rest(place)
            progress.say(f"{len(servers)} servers removed")
        else:
            progress.say("no Docker engine answers, so no server runs")
        engine.stop_if_idle(progress)
        _forget(place)


def restart(place: Place, server: str, progress: Progress) -> None:
    """Reboots one server and waits until it is back."""
    address = find(place, server)
    with progress.step(f"restarting {server}"):
        containers.restart(place, server)
        state = readiness.wait(place, server, address)
    progress.say(f"{server}: {state}")


def status(place: Place) -> Sequence[tuple[Container, str]]:
    """Every server with its address."""
    if not engine.answers():
        return []
    subnet = network.find(place)
    if subnet is None:
        return []
    servers = containers.listing(place).values()
    return [(one, network.address(subnet, containers.number(one.server))) for one in servers]


def find(place: Place, server: str) -> str:
    """Address of a server; the error for an unknown one names those there are."""
    known = {container.server: address for container, address in status(place)}
    if server not in known:
        there = ", ".join(known) or "none; run `up`"
        raise LabError(f"no server {server!r} in the lab at {place.directory}; there are: {there}")
    return known[server]


def _names(count: int, existing: Mapping[str, Container]) -> list[str]:
    wanted = {f"server-{number}" for number in range(1, count + 1)} | set(existing)
    return sorted(wanted, key=containers.number)


def _identity(place: Place, name: str, subnet: ipaddress.IPv4Network, client: str) -> seed.Identity:
    public = keys.host_key(place, name)
    return seed.Identity(
        name=name,
        address=network.address(subnet, containers.number(name)),
        host_key=place.host_key(name).read_text(),
        host_key_public=public,
        client_key_public=client,
        nameservers=seed.nameservers(),
    )


def _ensure_server(
    place: Place, identity: seed.Identity, existing: Container | None, image_name: str, progress: Progress
) -> None:
    began = time.monotonic()
    name = identity.name
    if existing is not None and (existing.state in containers.UNFINISHED or existing.seed != identity.digest):
        # Never started, so perhaps without its identity; half removed; or made for keys that are lost.
        reason = "unfinished" if existing.state in containers.UNFINISHED else "made for other keys"
        progress.say(f"{name}: replaced, it was {reason}")
        containers.remove(place, name)
        existing = None
    if existing is None:
        containers.create(place, identity, image_name)
    if existing is None or existing.state != "running":
        containers.start(place, name)
    state = readiness.wait(place, name, identity.address)
    progress.say(f"{name} ({identity.address}): {state}, {time.monotonic() - began:.1f} s")


def _forget(place: Place) -> None:
    for path in (place.inventory, place.known_hosts, place.client_key, place.client_key.with_suffix(".pub")):
        path.unlink(missing_ok=True)
    shutil.rmtree(place.host_keys, ignore_errors=True)
    with contextlib.suppress(OSError):
        # Somebody else's files may lie beside ours; then the directory stays.
        place.directory.rmdir()
