"""What somebody else runs on the machine, or left there, that a node of ours would fight with."""

from __future__ import annotations

import glob
import os

from .host import Host
from .processes import Process, native

RUNTIMES = ("containerd", "dockerd", "crio")
RUNTIME_UNITS = ("containerd.service", "docker.service", "docker.socket", "crio.service")
DISTRIBUTIONS = ("k3s", "k0s", "rke2", "etcd")
KUBERNETES_UNITS = (
    "kubelet.service",
    "etcd.service",
    "k3s.service",
    "k3s-agent.service",
    "k0scontroller.service",
    "k0sworker.service",
    "rke2-server.service",
    "rke2-agent.service",
)
KUBERNETES_FILES = (
    "/etc/kubernetes",
    "/etc/cni/net.d",
    "/etc/rancher",
    "/etc/k0s",
    "/var/lib/kubelet/config.yaml",
    "/var/lib/etcd/member",
    "/var/lib/rancher",
    "/var/lib/k0s",
    "/var/snap/microk8s",
)


def strangers(host: Host) -> dict[str, list[str]]:
    """By `runtimes` and `kubernetes`, each in words: `dockerd (pid 812)`, `docker.socket (enabled)`, a file's path."""
    processes = native()
    enabled = _enabled(host)
    return {
        "runtimes": [
            *(_told(one) for one in processes if os.path.basename(one.program) in RUNTIMES),
            *(f"{unit} (enabled)" for unit in RUNTIME_UNITS if unit in enabled),
        ],
        "kubernetes": [
            *(_told(one) for one in processes if _is_kubernetes(os.path.basename(one.program))),
            *(f"{unit} (enabled)" for unit in KUBERNETES_UNITS if unit in enabled),
            *(found for path in KUBERNETES_FILES for found in _first_file(host, path)),
        ],
    }


def _is_kubernetes(program: str) -> bool:
    # Somebody may well look at another cluster from here.
    return (program.startswith("kube") and program != "kubectl") or program in DISTRIBUTIONS


def _told(process: Process) -> str:
    return f"{os.path.basename(process.program)} (pid {process.pid})"


def _enabled(host: Host) -> set[str]:
    """Units that the next boot starts."""
    return {os.path.basename(path) for path in glob.glob(host.path("/etc/systemd/system/*.wants/*"))}


def _first_file(host: Host, path: str) -> list[str]:
    """One file at or below a path; packages bring empty directories, which mean nothing."""
    if os.path.isfile(host.path(path)):
        return [path]
    for folder, _, files in os.walk(host.path(path)):
        if files:
            return [os.path.join(folder, min(files))[len(host.root) :]]
    return []
