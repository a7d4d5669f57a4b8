"""The kit's servers: a lab of its own, asked over one OpenSSH connection each."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.e2e.servers import Inventory, Lab, differences, together, without_the_clusters_own

# What a machine writes by itself, and what running components write into directories that are theirs.
UNWATCHED = (
    "/proc", "/sys", "/dev", "/run", "/tmp", "/var/log", "/var/tmp", "/var/cache",
    "/var/lib/private/etcd", "/var/lib/containerd", "/var/lib/docker", "/var/lib/kubelet/pods",
    "/var/lib/kubelet/plugins",
    "/var/lib/kubelet/device-plugins", "/var/lib/kubelet/cpu_manager_state", "/var/lib/kubelet/memory_manager_state",
    "/var/lib/kubelet/pki", "/var/lib/kubelet/pod-resources", "/var/lib/cni", "/var/lib/systemd",
)  # fmt: skip
PRUNED = " -o ".join(f"-path {one}" for one in UNWATCHED)
CHOSEN_PORTS = 32768
"""From here on the kernel gives ports to programs that ask for any."""
LEDGER = "/var/lib/bareplane/"


@dataclass(frozen=True)
class Server:
    """One server of the lab."""

    lab: Lab
    name: str
    control: Path

    @property
    def entry(self) -> Mapping[str, Any]:
        """Its line in the inventory, which is a connection's properties."""
        return next(one for one in self.lab.entries() if one["name"] == self.name)

    @property
    def address(self) -> str:
        return self.entry["address"]

    def ssh(self, command: str) -> Sequence[str]:
        """An OpenSSH command line, over a connection that stays open."""
        argv = self.lab.ssh(self.name, command)
        shared = [f"-oControlPath={self.control}", "-oControlMaster=auto", "-oControlPersist=60"]
        return [argv[0], *shared, *argv[1:]]

    def run(self, script: str, *, check: bool = True, timeout: float = 300) -> str:
        """Output of a shell script; AssertionError with its words at its first failing command."""
        done = subprocess.run(
            self.ssh("bash -eu -s"), input=script, capture_output=True, text=True, check=False, timeout=timeout
        )
        assert not check or done.returncode == 0, f"{self.name}: {script}: {done.stdout}{done.stderr}"
        return done.stdout.strip()

    def close(self) -> None:
        """End the shared connection, as a reboot or an sshd that is killed does too."""
        subprocess.run([*self.ssh("true")[:-2], "-O", "exit", f"root@{self.address}"], check=False, capture_output=True)

    def now(self) -> str:
        """The server's clock, for `written_since`."""
        return self.run("date +%s.%N")

    def written_since(self, moment: str) -> list[str]:
        """Files changed since, in content, mode or owner, besides those that a machine writes by itself."""
        find = f"find / /var/lib -xdev \\( {PRUNED} \\) -prune -o -newerct @{moment} ! -type d -print"
        return sorted(set(self.run(find).splitlines()))

    def inventory(self) -> Inventory:
        return self.lab.inventory(self.name)


def changed(server: Server, before: Inventory) -> list[str]:
    """What differs from an inventory, besides what a running cluster changes by itself."""
    found = differences({server.name: before}, {server.name: server.inventory()})
    return [line for line in without_the_clusters_own(found) if not passing(line)]


def passing(line: str) -> bool:
    """Whether a line of a difference is about what comes and goes while components run: containerd and the kubelet keep
    their own directories when they get to it, and programs choose ports of 127.0.0.1."""
    chosen = re.search(r" listeners: . tcp 0100007F (\d+)$", line)
    return (
        " /var/lib/containerd/" in line
        or " /var/lib/kubelet/" in line
        or (chosen is not None and int(chosen[1]) >= CHOSEN_PORTS)
    )


def inventories(servers: Iterable[Server]) -> Mapping[str, Inventory]:
    """Of all these servers, asked at the same time."""
    by_name = {one.name: one for one in servers}
    return together(lambda name: by_name[name].inventory(), by_name)


def all_changed(servers: Iterable[Server], before: Mapping[str, Inventory]) -> list[str]:
    """What differs on any of them; a line begins with its server's name."""
    by_name = {one.name: one for one in servers}
    found = together(lambda name: changed(by_name[name], before[name]), by_name)
    return [line for lines in found.values() for line in lines]
