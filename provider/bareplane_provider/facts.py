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
class Moment:
    """What a probe found that may be otherwise at the next one."""

    disk_free_mib: int
    listening: frozenset[int]
    """TCP ports."""
    runtimes_running: tuple[str, ...]
    kubernetes_running: tuple[str, ...]
    owners: tuple[str, ...]
    """Whose ledger entries are there."""

    @classmethod
    def from_probe(cls, momentary: Mapping[str, Any]) -> Moment:
        """From the `momentary` part of the agent's `probe`."""
        return cls(
            disk_free_mib=momentary["disk_free"] >> 20,
            listening=frozenset(port for protocol, port in momentary["listening"] if protocol == "tcp"),
            runtimes_running=tuple(momentary["runtimes_running"]),
            kubernetes_running=tuple(momentary["kubernetes_running"]),
            owners=tuple(momentary["owners"]),
        )
