"""What the probe finds: sockets and who holds them, swap, and what somebody else left."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from bareplane_agent.host import Host
from bareplane_agent.listeners import listeners
from bareplane_agent.probe import swaps
from bareplane_agent.strangers import strangers


def test_a_listening_port_is_told_with_its_process() -> None:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
        assert not [one for one in listeners() if one["port"] == port]
        sock.listen()
        (found,) = [one for one in listeners() if (one["protocol"], one["port"]) == ("tcp", port)]
    assert found["pid"] == os.getpid()
    assert found["program"].startswith("python")


def test_swap_is_read_with_its_size() -> None:
    text = (
        "Filename\t\tType\t\tSize\t\tUsed\t\tPriority\n/swapfile  file  2097148  0  -2\n/dev/sda2 partition 1024 0 -3\n"
    )
    assert swaps(text) == [{"name": "/swapfile", "size": 2047}, {"name": "/dev/sda2", "size": 1}]
    assert swaps(text.splitlines()[0]) == swaps("") == []


def test_nothing_is_found_where_only_packages_left_empty_directories(tmp_path: Path) -> None:
    (tmp_path / "etc/kubernetes/manifests").mkdir(parents=True)
    (tmp_path / "var/lib/kubelet").mkdir(parents=True)
    found = strangers(Host(root=str(tmp_path)))
    assert [one for kind in found.values() for one in kind if "(pid" not in one] == []


@pytest.mark.parametrize(
    ("path", "kind", "said"),
    [
        ("etc/kubernetes/manifests/etcd.yaml", "kubernetes", "/etc/kubernetes/manifests/etcd.yaml"),
        ("etc/cni/net.d/10-calico.conflist", "kubernetes", "/etc/cni/net.d/10-calico.conflist"),
        ("etc/rancher/k3s/k3s.yaml", "kubernetes", "/etc/rancher/k3s/k3s.yaml"),
        ("var/lib/kubelet/config.yaml", "kubernetes", "/var/lib/kubelet/config.yaml"),
        ("etc/systemd/system/multi-user.target.wants/k3s.service", "kubernetes", "k3s.service (enabled)"),
        ("etc/systemd/system/multi-user.target.wants/kubelet.service", "kubernetes", "kubelet.service (enabled)"),
        ("etc/systemd/system/sockets.target.wants/docker.socket", "runtimes", "docker.socket (enabled)"),
        ("etc/systemd/system/multi-user.target.wants/containerd.service", "runtimes", "containerd.service (enabled)"),
    ],
)
def test_what_somebody_else_left_is_told(tmp_path: Path, path: str, kind: str, said: str) -> None:
    (tmp_path / path).parent.mkdir(parents=True)
    (tmp_path / path).write_text("x")
    assert said in strangers(Host(root=str(tmp_path)))[kind]
