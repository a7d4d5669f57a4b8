"""Fresh servers for every run: the lab's, in a directory of the benchmark's own."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import yaml

COUNT = 3
# A server sees its own control group: nanoseconds in version 1, microseconds in version 2.
COMPUTED = (
    "if [ -e /sys/fs/cgroup/cpuacct/cpuacct.usage ]; then awk '{print $1 / 1e9}' /sys/fs/cgroup/cpuacct/cpuacct.usage; "
    "else awk '/^usage_usec/ {print $2 / 1e6}' /sys/fs/cgroup/cpu.stat; fi"
)


@dataclass(frozen=True)
class Servers:
    """One control plane and its workers, reached with the lab's client key and pinned host keys."""

    directory: Path
    addresses: dict[str, str]
    """Server's name to its address, the control plane first."""

    @property
    def inventory(self) -> Path:
        return self.directory / "inventory.yaml"

    @property
    def control_plane(self) -> str:
        return next(iter(self.addresses.values()))

    def login(self, address: str) -> list[str]:
        """The words of an OpenSSH command line, up to what is to be run there."""
        key, known = self.directory / "id_ed25519", self.directory / "known_hosts"
        options = ["-i", str(key), "-o", f"UserKnownHostsFile={known}", "-o", "BatchMode=yes"]
        return ["ssh", *options, f"root@{address}"]

    def ssh(self, address: str, command: str, timeout: float = 300) -> str:
        """What a command printed on a server. Raises CalledProcessError."""
        argv = [*self.login(address), command]
        return subprocess.run(argv, check=True, text=True, stdout=subprocess.PIPE, timeout=timeout).stdout

    def processor_seconds(self) -> float:
        """What the servers' programs have computed since the servers started."""
        return sum(float(self.ssh(address, COMPUTED)) for address in self.addresses.values())


def fresh(directory: Path, count: int = COUNT) -> Servers:
    """Servers on which nothing was ever installed."""
    remove(directory)
    _lab(directory, "up", "--servers", str(count))
    document = cast("dict[str, Any]", yaml.safe_load((directory / "inventory.yaml").read_text()))
    return Servers(directory, {str(one["name"]): str(one["address"]) for one in document["servers"]})


def remove(directory: Path) -> None:
    """Takes the servers away."""
    _lab(directory, "down")


def _lab(directory: Path, action: str, *arguments: str) -> None:
    argv = [sys.executable, "-m", "bareplane_lab", action, "--directory", str(directory), *arguments]
    subprocess.run(argv, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
