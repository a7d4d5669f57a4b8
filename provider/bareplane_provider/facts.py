"""What is known of a machine, from the agent's probe."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class MachineFacts:
    """The facts that decide how a machine is set up. They do not change while it runs."""

    os: str
    """`<id> <version>` of /etc/os-release."""
    arch: str
    """Go's name: amd64 or arm64."""
    cpus: int
    memory_mib: int
    hostname: str
    cgroup_version: int
    capabilities: tuple[str, ...]
    """What root's processes may do there, lower case, sorted."""
    kernel_tunable: bool
    """Whether /proc/sys/kernel can be written: false in containers, which share their host's kernel."""
    zstd: bool

    def has_capability(self, name: str) -> bool:
        """Whether root there has the capability, e.g. `cap_sys_resource`."""
        return name in self.capabilities

    def to_wire(self) -> dict[str, Any]:
        return {**asdict(self), "capabilities": list(self.capabilities)}

    @classmethod
    def from_wire(cls, facts: Mapping[str, Any]) -> MachineFacts:
        """From the `facts` of the agent's `probe`, or from the state."""
        return cls(
            os=facts["os"],
            arch=facts["arch"],
            cpus=facts["cpus"],
            memory_mib=facts["memory_mib"],
            hostname=facts["hostname"],
            cgroup_version=facts["cgroup_version"],
            capabilities=tuple(facts["capabilities"]),
            kernel_tunable=facts["kernel_tunable"],
            zstd=facts["zstd"],
        )


@dataclass(frozen=True)
class Platform:
    """What a machine runs on. It decides only whether the machine can be used."""

    distribution: str
    """The ID of /etc/os-release, such as `debian`."""
    version: str
    kernel: str
    systemd: int
    """Its version; 0 where something else is the first process."""
    nft: str
    """Version of the program; empty where there is none."""
    selinux: bool
    """Whether it enforces."""
    programs: frozenset[str]
    """Those found of the ones that the probe looks for."""

    @classmethod
    def from_probe(cls, facts: Mapping[str, Any]) -> Platform:
        """From the `facts` of the agent's `probe`."""
        return cls(
            distribution=facts["os_id"],
            version=facts["os_version"],
            kernel=facts["kernel"],
            systemd=facts["systemd"],
            nft=facts["nft"],
            selinux=facts["selinux"],
            programs=frozenset(facts["programs"]),
        )


@dataclass(frozen=True)
class Disk:
    """MiB that are free, and in all."""

    free: int
    size: int


@dataclass(frozen=True)
class Moment:
    """What a probe found that may be otherwise at the next one."""

    ahead: float
    """Seconds that the machine's clock is at least ahead of ours; below zero: behind."""
    disks: Mapping[str, Disk]
    """By directory: /var/lib, /opt."""
    swap: Mapping[str, int]
    """Files and devices in use, with their MiB."""
    listening: Mapping[int, str]
    """TCP ports, with the process that holds each (`sshd, pid 1`), where it is known."""
    runtimes: tuple[str, ...]
    kubernetes: tuple[str, ...]
    """What runs, would run after a reboot, or was left by another Kubernetes, in the agent's words."""
    owners: tuple[str, ...]
    """Whose ledger entries are there."""
    entries: tuple[str, ...]

    @classmethod
    def from_probe(cls, momentary: Mapping[str, Any], asked: float, answered: float) -> Moment:
        """From the `momentary` part of the agent's `probe`, and our clock before and after it."""
        clock = momentary["clock"]
        return cls(
            ahead=max(0.0, clock - answered) + min(0.0, clock - asked),
            disks={path: Disk(one["free"], one["size"]) for path, one in momentary["disks"].items()},
            swap={one["name"]: one["size"] for one in momentary["swap"]},
            listening={one["port"]: holder(one) for one in momentary["listening"] if one["protocol"] == "tcp"},
            runtimes=tuple(momentary["runtimes"]),
            kubernetes=tuple(momentary["kubernetes"]),
            owners=tuple(momentary["owners"]),
            entries=tuple(momentary["entries"]),
        )


def holder(listener: Mapping[str, Any]) -> str:
    return f"{listener['program']}, pid {listener['pid']}" if listener["program"] else ""
