"""A lab's own network: a free /24, found beside this machine's routes and the engine's networks."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from bareplane_lab.commands import require, run
from bareplane_lab.errors import CommandFailed, NetworkError
from bareplane_lab.place import Place
from bareplane_lab.progress import Progress

# Away from Kubernetes' usual ranges (10.96.0.0/12, 10.244.0.0/16) and from Docker's own (172.16.0.0/12, 192.168/16).
POOL = ipaddress.IPv4Network("10.200.0.0/13")
FIRST_HOST = 11
ATTEMPTS = 8

Subnets = Iterable[ipaddress.IPv4Network]


def ensure(place: Place, progress: Progress) -> ipaddress.IPv4Network:
    """The subnet of the lab's network, which is made if it is not there."""
    existing = find(place)
    if existing is not None:
        return existing
    require("ip")
    refused: list[ipaddress.IPv4Network] = []
    for _ in range(ATTEMPTS):
        subnet = free_subnet(place.id, [*_taken(), *refused])
        try:
            _create(place, subnet)
        except CommandFailed as error:
            # Another lab may have taken the range between the look and the creation.
            if "overlap" not in str(error):
                raise
            refused.append(subnet)
        else:
            progress.say(f"network {place.network}: {subnet}")
            return subnet
    raise NetworkError(f"creating the network {place.network}: Docker refused {', '.join(map(str, refused))} as taken")


def find(place: Place) -> ipaddress.IPv4Network | None:
    name = run(
        ["docker", "network", "ls", "--quiet", "--filter", f"label={place.label}"], "looking for the lab's network"
    ).strip()
    return next(iter(_subnets(name.split())), None)


def address(subnet: ipaddress.IPv4Network, number: int) -> str:
    """Address of server `number`, counted from 1."""
    if not 1 <= number < subnet.num_addresses - FIRST_HOST:
        raise NetworkError(f"server {number} has no address in {subnet}: a lab holds up to {subnet.num_addresses - 12}")
    return str(subnet[FIRST_HOST + number - 1])


def free_subnet(seed: str, taken: Subnets) -> ipaddress.IPv4Network:
    """The first /24 of the pool, from a place that `seed` (hexadecimal) decides, that overlaps nothing in `taken`."""
    busy = list(taken)
    candidates = list(POOL.subnets(new_prefix=24))
    start = int(seed, 16) % len(candidates)
    for candidate in candidates[start:] + candidates[:start]:
        if not any(candidate.overlaps(network) for network in busy):
            return candidate
    raise NetworkError(f"no free /24 is left in {POOL}; take down labs that are not needed")


def route_networks(routes: str) -> Iterator[ipaddress.IPv4Network]:
    """Destinations in the output of `ip -json route show table all`; a default route blocks nothing."""
    for route in json.loads(routes or "[]"):
        destination = route.get("dst", "default")
        if destination != "default":
            yield ipaddress.IPv4Network(destination, strict=False)


def upstream_mtu() -> int:
    """MTU towards the outside: a larger one inside would stall what comes from there."""
    routes = json.loads(run(["ip", "-4", "-json", "route", "show", "default"], "reading the default route") or "[]")
    mtus = [int(Path("/sys/class/net", route["dev"], "mtu").read_text()) for route in routes if "dev" in route]
    return min([1500, *mtus])


def _create(place: Place, subnet: ipaddress.IPv4Network) -> None:
    run(
        [
            "docker", "network", "create", "--driver=bridge", f"--subnet={subnet}", f"--gateway={subnet[1]}",
            f"--label={place.label}", f"--opt=com.docker.network.bridge.name=bp-{place.id}",
            f"--opt=com.docker.network.driver.mtu={upstream_mtu()}", place.network,
        ],
        f"creating the network {place.network}",
    )  # fmt: skip


def _taken() -> Iterator[ipaddress.IPv4Network]:
    yield from route_networks(
        run(["ip", "-4", "-json", "route", "show", "table", "all"], "reading this machine's routes")
    )
    yield from _subnets(run(["docker", "network", "ls", "--quiet"], "listing Docker's networks").split())


def _subnets(networks: list[str]) -> Iterator[ipaddress.IPv4Network]:
    if not networks:
        return
    described = run(["docker", "network", "inspect", *networks], "reading Docker's networks")
    for network in json.loads(described):
        for config in network["IPAM"]["Config"] or ():
            subnet = ipaddress.ip_network(config["Subnet"])
            if isinstance(subnet, ipaddress.IPv4Network):
                yield subnet
