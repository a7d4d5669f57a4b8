"""`probe`: what kind of machine this is. Facts stay the same while it runs; what does not is in `momentary`."""

from __future__ import annotations

import json
import os
import platform
import re
import socket
import sys
import time
from typing import Any, cast

from .capabilities import CAPABILITIES
from .files import read_text
from .host import Host
from .ledger import Ledger
from .listeners import listeners
from .strangers import strangers

ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
PROGRAMS = ("apt-get", "dnf", "ip", "modprobe", "mount", "nft", "openssl", "zstd")
DISKS = ("/var/lib", "/opt")
"""What a node fills: images, pods and etcd in the first, programs in the second."""


def probe(host: Host, ledger: Ledger) -> dict[str, Any]:
    """The answer's fields: facts, momentary."""
    release = dict(re.findall(r'(?m)^([A-Z_]+)="?(.*?)"?$', read_text(host.path("/etc/os-release"))))
    memory = int(_first(r"MemTotal:\s+(\d+)", read_text("/proc/meminfo")) or "0") * 1024
    facts: dict[str, Any] = {
        "os": f"{release.get('ID', 'unknown')} {release.get('VERSION_ID', '')}".strip(),
        "os_id": release.get("ID", "unknown"),
        "os_version": release.get("VERSION_ID", ""),
        "arch": ARCHITECTURES.get(platform.machine(), platform.machine()),
        "kernel": platform.release(),
        "cpus": len(os.sched_getaffinity(0)),
        "memory": memory,
        "memory_mib": memory >> 20,
        "hostname": socket.gethostname(),
        "machine_id": read_text(host.path("/etc/machine-id")).strip(),
        "cgroup_version": 2 if os.path.exists("/sys/fs/cgroup/cgroup.controllers") else 1,
        "cgroup_hierarchies": hierarchies(read_text("/proc/self/cgroup")),
        "virtualization": _virtualization(host),
        "capabilities": capabilities(read_text("/proc/self/status")),
        "sys_resource": "cap_sys_resource" in capabilities(read_text("/proc/self/status")),
        "kernel_tunable": _writable("/proc/sys/kernel"),
        "python": ".".join(str(part) for part in sys.version_info[:3]),
        "programs": [program for program in PROGRAMS if host.find(program) is not None],
        "zstd": host.find("zstd") is not None,
        "systemd": _systemd(host),
        "nft": _version(host, "nft"),
        "selinux": read_text("/sys/fs/selinux/enforce").strip() == "1",
        "network": _network(host),
    }
    return {"facts": facts, "momentary": _momentary(host, ledger)}


def _momentary(host: Host, ledger: Ledger) -> dict[str, Any]:
    entries = ledger.entries()
    return {
        "clock": time.time(),
        "disks": {path: _disk(host.path(path)) for path in DISKS},
        "swap": swaps(read_text("/proc/swaps")),
        "listening": listeners(),
        **strangers(host),
        "owners": sorted({entry.owner for entry in entries}),
        "entries": [entry.name for entry in entries],
    }


def _disk(path: str) -> dict[str, int]:
    """MiB that root may use, free and in all, where a path is or would be."""
    while not os.path.exists(path):
        path = os.path.dirname(path)
    disk = os.statvfs(path)
    return {"free": disk.f_bavail * disk.f_frsize >> 20, "size": disk.f_blocks * disk.f_frsize >> 20}


def swaps(text: str) -> list[dict[str, Any]]:
    """Files and devices in use, with their MiB, from /proc/swaps."""
    found = (line.split() for line in text.splitlines()[1:])
    return [{"name": words[0], "size": int(words[2]) >> 10} for words in found if len(words) > 2]


def _systemd(host: Host) -> int:
    """Its version; 0 where something else is the first process."""
    if not os.path.isdir("/run/systemd/system"):
        return 0
    return int(_version(host, "systemctl").partition(".")[0] or "0")


def _version(host: Host, program: str) -> str:
    """The first number in what a program says of itself; empty when it is not there."""
    if host.find(program) is None:
        return ""
    return _first(r"(\d+(?:\.\d+)*)", host.run([program, "--version"]).out)


def hierarchies(text: str) -> list[str]:
    """Controllers by hierarchy, from /proc/self/cgroup."""
    return sorted(line.split(":", 2)[1] or "unified" for line in text.splitlines() if line.count(":") >= 2)


def capabilities(status: str) -> list[str]:
    """Names of what this process may do (its bounding set, which is what root's other processes get)."""
    bits = int(_first(r"CapBnd:\s+([0-9a-f]+)", status) or "0", 16)
    return sorted(name for number, name in enumerate(CAPABILITIES) if bits >> number & 1)


def _network(host: Host) -> dict[str, Any]:
    """The default route's interface, and every address but loopback's and link-local ones."""
    if host.find("ip") is None:
        return {"interface": "", "gateway": "", "addresses": []}
    routes = _json(host.run(["ip", "-j", "-4", "route", "show", "default"]).out)
    links = _json(host.run(["ip", "-j", "address", "show", "scope", "global"]).out)
    addresses = [
        {"interface": link["ifname"], "address": one["local"], "prefix": one["prefixlen"], "family": one["family"]}
        for link in links
        for one in link.get("addr_info", [])
        if "local" in one
    ]
    first: dict[str, Any] = routes[0] if routes else {}
    return {"interface": first.get("dev", ""), "gateway": first.get("gateway", ""), "addresses": addresses}


def _json(text: str) -> list[dict[str, Any]]:
    return cast("list[dict[str, Any]]", json.loads(text or "[]"))


def _virtualization(host: Host) -> str:
    """`none`, `docker`, `kvm`, …, as systemd has it."""
    if host.find("systemd-detect-virt") is None:
        return "unknown"
    return host.run(["systemd-detect-virt"]).out.strip() or "unknown"


def _writable(path: str) -> bool:
    """A read-only mount says no even to root."""
    return os.access(path, os.W_OK) and not os.statvfs(path).f_flag & os.ST_RDONLY


def _first(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    return found.group(1) if found else ""
