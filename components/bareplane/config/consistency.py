"""What no part of the configuration can know of itself: whether the parts fit together.

It works on what was given, valid or not: what another error hides would be told a run later.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from ipaddress import IPv4Address, IPv4Network
from typing import Any, cast, get_args

from bareplane.config.addons import ranges
from bareplane.config.models import NetworkConfig
from bareplane.config.spelling import did_you_mean
from bareplane.specs import Engine

ENGINES = get_args(Engine)
ROLES = {"controlPlane.nodes": ("controlPlane", "nodes"), "workers": ("workers",)}


def inconsistencies(given: Mapping[str, Any], names: Sequence[str], *, all_known: bool) -> list[str]:
    """A line for each. `names`: each server as the user knows it; `all_known`: whether these are all servers."""
    servers = [(name, table(one)) for name, one in zip(names, entries(given, "servers"), strict=True)]
    nodes = {role: texts(given, "cluster", *path) for role, path in ROLES.items()}
    wanted = {one for role in nodes.values() for one in role}
    return [
        *repetitions("servers", "server", (one.get("name") for _, one in servers)),
        *repetitions("apps", "app", (table(one).get("name") for one in entries(given, "apps"))),
        *repetitions("hosts", "host", (table(one).get("server") for one in entries(given, "hosts"))),
        *both_roles(nodes["controlPlane.nodes"], nodes["workers"]),
        *(unknown(nodes, [one.get("name") for _, one in servers]) if all_known else []),
        *(unknown_hosts(given, [one.get("name") for _, one in servers]) if all_known else []),
        *runtimes_of_no_node(given, wanted),
        *engines_apart(given, wanted),
        *shared_host_keys(servers),
        *addresses(servers, wanted, network(given)),
        *too_many(wanted, given),
        *addresses_to_give(servers, given),
        *shared_ports(entries(given, "apps")),
        *images_of_nodes(given, wanted),
    ]


def repetitions(key: str, what: str, names: Iterable[object]) -> list[str]:
    return [
        f"{key}: the name {one!r} is given to more than one {what}; rename all but one, or take them out"
        for one in repeated(names)
    ]


def both_roles(control_planes: Sequence[str], workers: Sequence[str]) -> list[str]:
    return [
        f"cluster.workers: {one!r} stands in controlPlane.nodes too; take it out of one of them"
        for one in sorted(set(control_planes) & set(workers))
    ]


def unknown(nodes: Mapping[str, Sequence[str]], known: Sequence[object]) -> list[str]:
    names = [one for one in known if isinstance(one, str)]
    return [
        f"cluster.{role}: there is no server {name!r}{did_you_mean(name, names)}"
        for role, wanted in nodes.items()
        for name in dict.fromkeys(wanted)
        if name not in names
    ]


def unknown_hosts(given: Mapping[str, Any], known: Sequence[object]) -> list[str]:
    names = [one for one in known if isinstance(one, str)]
    return [
        f"hosts.{position}.server: there is no server {host!r}{did_you_mean(host, names)}"
        for position, one in enumerate(entries(given, "hosts"))
        if isinstance(host := table(one).get("server"), str) and host not in names
    ]


def runtimes_of_no_node(given: Mapping[str, Any], nodes: Collection[str]) -> list[str]:
    return [
        f"cluster.runtimes.{one}: is no node of the cluster{did_you_mean(one, nodes)}"
        for one in table(path(given, "cluster", "runtimes"))
        if one not in nodes
    ]


def engines_apart(given: Mapping[str, Any], nodes: Collection[str]) -> list[str]:
    """Hosts that are nodes with an engine beside which theirs does not run: Docker runs on containerd, as nodes do."""
    default = path(given, "cluster", "runtime") or "containerd"
    problems: list[str] = []
    for position, one in enumerate(entries(given, "hosts")):
        host, engine = table(one).get("server"), table(one).get("engine", "containerd")
        if not isinstance(host, str) or host not in nodes:
            continue
        runtime = table(path(given, "cluster", "runtimes")).get(host, default)
        if (engine == "cri-o") != (runtime == "cri-o") and engine in ENGINES and runtime in ENGINES:
            problems.append(
                f"hosts.{position}.engine: {engine!r}: {host} is a node whose runtime is {runtime}; "
                f"take cri-o for both or for neither (cluster.runtimes.{host})"
            )
    return problems


def shared_host_keys(servers: Sequence[tuple[str, Mapping[str, Any]]]) -> list[str]:
    """One key is one server: listed twice under two addresses, or copied from an image, so that none proves itself."""
    seen: dict[str, str] = {}
    problems: list[str] = []
    for name, one in servers:
        key = " ".join(str(one.get("hostKey") or "").split()[:2])
        if key in seen:
            problems.append(
                f"{name}.hostKey: {seen[key]} has the same; if it is the same server take one out, "
                "else make the copy a key of its own (`ssh-keygen -A` there, after removing /etc/ssh/ssh_host_*)"
            )
        elif key:
            seen[key] = name
    return problems


def addresses(
    servers: Sequence[tuple[str, Mapping[str, Any]]], nodes: Collection[str], subnets: Mapping[str, IPv4Network]
) -> list[str]:
    """Nodes need IPv4 addresses of their own, outside the cluster's networks."""
    chosen = [
        (f"{key}.address: {one['address']!r}:", str(one["address"]))
        for key, one in servers
        if name_of(one) in nodes and isinstance(one.get("address"), str)
    ]
    shared = repeated(address for _, address in chosen)
    problems: list[str] = []
    for key, text in chosen:
        if text in shared:
            problems.append(f"{key} another node has it too; give each its own")
        try:
            address = IPv4Address(text)
        except ValueError:
            problems.append(f"{key} a node needs an IPv4 address; give that of its network card")
            continue
        if address.is_multicast or address.is_unspecified or address.is_reserved:
            problems.append(f"{key} is no machine's address; give that of its network card")
        problems += [
            f"{key} lies in cluster.network.{name} {subnet}; take another subnet"
            for name, subnet in subnets.items()
            if address in subnet
        ]
    return problems


def too_many(nodes: Collection[str], given: Mapping[str, Any]) -> list[str]:
    """Whether every node gets a share of the pods' subnet."""
    pods, mask = network(given).get("podSubnet"), path(given, "cluster", "network", "nodeMask")
    mask = NetworkConfig().node_mask if mask is None else mask
    if pods is None or not isinstance(mask, int) or mask <= pods.prefixlen:
        return []
    shares = 1 << (mask - pods.prefixlen)
    if len(nodes) <= shares:
        return []
    return [
        f"cluster.network.podSubnet: '{pods}': has {shares} shares of /{mask} for {len(nodes)} nodes; "
        "take a larger subnet, or a larger nodeMask"
    ]


def addresses_to_give(servers: Sequence[tuple[str, Mapping[str, Any]]], given: Mapping[str, Any]) -> list[str]:
    """Whether what the load balancer may give is nobody else's."""
    problems: list[str] = []
    for text, one in ranges(texts(given, "cluster", "loadBalancer", "addresses")):
        key = f"cluster.loadBalancer.addresses: {text!r}:"
        problems += [
            f"{key} overlaps cluster.network.{name} {subnet}; take addresses of the nodes' network"
            for name, subnet in network(given).items()
            if one.overlaps(subnet)
        ]
        problems += [
            f"{key} {server}.address {address} is among them; take addresses that no machine has"
            for server, address in known_addresses(servers)
            if address in one
        ]
    return problems


def known_addresses(servers: Sequence[tuple[str, Mapping[str, Any]]]) -> Iterator[tuple[str, IPv4Address]]:
    for name, server in servers:
        try:
            yield name, IPv4Address(str(server.get("address")))
        except ValueError:
            continue  # a name, or told by its own check


def images_of_nodes(given: Mapping[str, Any], nodes: Collection[str]) -> list[str]:
    """A node whose own runtime is Docker has one list of images, the cluster's."""
    default = path(given, "cluster", "runtime")
    return [
        f"hosts.{number}.images: {server!r} is a node whose runtime is Docker; name them in cluster.images.preload"
        for number, one in enumerate(map(table, entries(given, "hosts")))
        if isinstance(server := one.get("server"), str)
        and server in nodes
        and one.get("images")
        and (path(given, "cluster", "runtimes", server) or default) == "docker"
    ]


def shared_ports(apps: Sequence[Any]) -> list[str]:
    return [
        f"apps: nodePort {one} is given to more than one app; each needs its own"
        for one in repeated(table(app).get("nodePort") for app in apps)
    ]


def network(given: Mapping[str, Any]) -> dict[str, IPv4Network]:
    """The cluster's networks, as far as they can be read."""
    found: dict[str, IPv4Network] = {}
    for name, default in (("podSubnet", NetworkConfig().pod_subnet), ("serviceSubnet", NetworkConfig().service_subnet)):
        value = path(given, "cluster", "network", name)
        try:
            found[name] = IPv4Network(default if value is None else str(value))
        except ValueError:
            continue  # told by the key's own check
    return found


def path(given: Any, *keys: str) -> Any:
    """What stands below these keys; None where there is nothing, or something else than keys with values."""
    here = given
    for key in keys:
        here = table(here).get(key)
    return here


def name_of(entry: Mapping[str, Any]) -> str | None:
    """A server's name, unless something else stands there."""
    name = entry.get("name")
    return name if isinstance(name, str) else None


def table(value: Any) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", value) if isinstance(value, Mapping) else {}


def entries(given: Mapping[str, Any], key: str) -> list[Any]:
    value = given.get(key)
    return cast("list[Any]", value) if isinstance(value, list) else []


def texts(given: Mapping[str, Any], *keys: str) -> list[str]:
    value = path(given, *keys)
    return [one for one in cast("list[Any]", value) if isinstance(one, str)] if isinstance(value, list) else []


def repeated(values: Iterable[object]) -> list[Any]:
    """What stands there more than once, each once; None does not count."""
    seen = [one for one in values if isinstance(one, str | int)]
    return sorted({one for one in seen if seen.count(one) > 1}, key=str)
