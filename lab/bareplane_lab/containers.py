"""Servers as containers: what is there, create, start, remove."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bareplane_lab import capabilities, seed
from bareplane_lab.commands import run
from bareplane_lab.errors import CommandFailed
from bareplane_lab.place import SEED_LABEL, SERVER_LABEL, Place

STOP_SECONDS = 20
# In the order of Container's fields. One question to the engine: between two, a container may go.
FORMAT = f'{{{{.Label "{SERVER_LABEL}"}}}}\t{{{{.State}}}}\t{{{{.Label "{SEED_LABEL}"}}}}\t{{{{.ID}}}}\t{{{{.Status}}}}'
# The engine may still be finishing, or undoing, what a killed run asked for.
BUSY = ("is already in use", "volume is in use", "already in progress", "has active endpoints")
GONE = ("no such container", "no such volume", "no such network", " not found")
PATIENCE = 60.0
UNFINISHED = ("created", "removing", "dead")
SETTLING_SECONDS = 2.0


@dataclass(frozen=True)
class Container:
    """A server's container as the engine describes it; `state` is Docker's word (created, running, exited …)."""

    server: str
    state: str
    seed: str
    id: str
    status: str


def listing(place: Place) -> Mapping[str, Container]:
    """The lab's containers by server name, in order of their numbers."""
    lines = run(
        ["docker", "ps", "--all", f"--filter=label={place.label}", f"--format={FORMAT}"], "listing the lab's servers"
    ).splitlines()
    found = [Container(*line.split("\t")) for line in lines]
    return {container.server: container for container in sorted(found, key=lambda one: number(one.server))}


def settled(place: Place) -> Mapping[str, Container]:
    """The listing, once the engine has finished or undone what a killed run had asked for.

    Docker 20.10 keeps a volume marked as in use for good when its container is removed while it is being created.
    """
    before = listing(place)
    while any(container.state in UNFINISHED for container in before.values()):
        time.sleep(SETTLING_SECONDS)
        now = listing(place)
        if now == before:
            break
        before = now
    return before


def number(server: str) -> int:
    return int(server.rpartition("-")[2])


def create(place: Place, identity: seed.Identity, image: str) -> None:
    """Makes the container and puts its identity into it; does not start it."""
    name = place.container(identity.name)
    _patiently(_create_command(place, identity, image), f"creating {identity.name}")
    run(["docker", "cp", "-", f"{name}:/"], f"giving {identity.name} its identity", stdin=seed.archive(identity))


def start(place: Place, server: str) -> None:
    run(["docker", "start", place.container(server)], f"starting {server}")


def restart(place: Place, server: str) -> None:
    run(["docker", "restart", f"--time={STOP_SECONDS}", place.container(server)], f"restarting {server}")


def remove(place: Place, server: str) -> None:
    """Removes the container and its volume, running or not."""
    _remove(["docker", "rm", "--force", "--volumes", place.container(server)], f"removing {server}")


def remove_rest(place: Place) -> None:
    """Volumes and networks of the lab that a killed run left without a container."""
    for kind in ("volume", "network"):
        left = run(["docker", kind, "ls", "--quiet", f"--filter=label={place.label}"], f"listing the lab's {kind}s")
        for one in left.split():
            _remove(["docker", kind, "rm", one], f"removing the lab's {kind} {one}")


def _remove(argv: Sequence[str], doing: str) -> None:
    """Removes something that may be gone by now: the engine may be doing the same for a killed run."""
    try:
        _patiently(argv, doing)
    except CommandFailed as error:
        if not any(words in str(error).lower() for words in GONE):
            raise


def _patiently(argv: Sequence[str], doing: str) -> None:
    limit = time.monotonic() + PATIENCE
    while True:
        try:
            run(argv, doing)
        except CommandFailed as error:
            if time.monotonic() > limit or not any(words in str(error) for words in BUSY):
                raise
            time.sleep(0.2)
        else:
            return


def _create_command(place: Place, identity: seed.Identity, image: str) -> Sequence[str]:
    name = place.container(identity.name)
    labels = (place.label, f"{SERVER_LABEL}={identity.name}", f"{SEED_LABEL}={identity.digest}")
    return (
        "docker", "create", f"--name={name}", f"--hostname={identity.name}",
        f"--network={place.network}", f"--ip={identity.address}",
        *(f"--label={label}" for label in labels),
        *(f"--cap-add={capability}" for capability in capabilities.of_this_machine()),
        "--security-opt=seccomp=unconfined", "--security-opt=apparmor=unconfined",
        "--security-opt=label=disable", "--security-opt=systempaths=unconfined",
        "--cgroupns=private", "--userns=host",
        "--device=/dev/kmsg", "--device-cgroup-rule=a *:* rwm",
        "--tmpfs=/run:rw,nosuid,nodev,exec,mode=755",
        # The upper directory of an overlay (a pod's root) cannot lie on an overlay.
        f"--mount=type=volume,destination=/var/lib,volume-label={place.label}",
        "--sysctl=net.ipv6.conf.all.disable_ipv6=0", "--sysctl=net.ipv6.conf.default.disable_ipv6=0",
        "--env=container=docker", "--stop-signal=SIGRTMIN+3", f"--stop-timeout={STOP_SECONDS}",
        image,
    )  # fmt: skip
