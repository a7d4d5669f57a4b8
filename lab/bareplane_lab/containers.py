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
FORMAT = f'{{{{.Label "{SERVER_LABEL}"}}}}\t{{{{.State}}}}\t{{{{.Label "{SEED_LABEL}"}}}}\t{{{{.Status}}}}'
CREATE_ATTEMPTS = 20


@dataclass(frozen=True)
class Container:
    """A server's container as the engine describes it; `state` is Docker's word (created, running, exited …)."""

    server: str
    state: str
    seed: str
    status: str


def listing(place: Place) -> Mapping[str, Container]:
    """The lab's containers by server name, in order of their numbers."""
    lines = run(
        ["docker", "ps", "--all", f"--filter=label={place.label}", f"--format={FORMAT}"], "listing the lab's servers"
    ).splitlines()
    found = [Container(*line.split("\t")) for line in lines]
    return {container.server: container for container in sorted(found, key=lambda one: number(one.server))}


def number(server: str) -> int:
    return int(server.rpartition("-")[2])


def create(place: Place, identity: seed.Identity, image: str) -> None:
    """Makes the container and puts its identity into it; does not start it."""
    name = place.container(identity.name)
    run(["docker", "volume", "create", f"--label={place.label}", name], f"creating the volume of {identity.name}")
    for attempt in range(CREATE_ATTEMPTS):
        try:
            run(_create_command(place, identity, image), f"creating {identity.name}")
            break
        except CommandFailed as error:
            # The engine may still be finishing, or undoing, what a killed run asked for.
            if "is already in use" not in str(error) or attempt == CREATE_ATTEMPTS - 1:
                raise
            time.sleep(0.25)
            remove_container(place, identity.name)
    run(["docker", "cp", "-", f"{name}:/"], f"giving {identity.name} its identity", stdin=seed.archive(identity))


def start(place: Place, server: str) -> None:
    run(["docker", "start", place.container(server)], f"starting {server}")


def restart(place: Place, server: str) -> None:
    run(["docker", "restart", f"--time={STOP_SECONDS}", place.container(server)], f"restarting {server}")


def remove(place: Place, server: str) -> None:
    """Removes the container and its volume, running or not."""
    remove_container(place, server)
    name = place.container(server)
    run(["docker", "volume", "rm", "--force", name], f"removing the volume of {server}")


def remove_container(place: Place, server: str) -> None:
    try:
        run(["docker", "rm", "--force", "--volumes", place.container(server)], f"removing {server}")
    except CommandFailed as error:
        if "No such container" not in str(error):
            raise


def remove_rest(place: Place) -> None:
    """Volumes and networks of the lab that a killed run left without a container."""
    for kind in ("volume", "network"):
        left = run(["docker", kind, "ls", "--quiet", "--filter", f"label={place.label}"], f"listing the lab's {kind}s")
        if left.split():
            run(["docker", kind, "rm", *left.split()], f"removing the lab's {kind}s")


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
        f"--volume={name}:/var/lib",
        "--sysctl=net.ipv6.conf.all.disable_ipv6=0", "--sysctl=net.ipv6.conf.default.disable_ipv6=0",
        "--env=container=docker", "--stop-signal=SIGRTMIN+3", f"--stop-timeout={STOP_SECONDS}",
        image,
    )  # fmt: skip
