"""Parsers of what programs print."""

from __future__ import annotations

from typing import Any

from bareplane_agent.host import Host
from bareplane_agent.items.image import parse_images
from bareplane_agent.items.sysctl import place, plain
from bareplane_agent.packages import debian
from bareplane_agent.probe import capabilities, hierarchies


def test_images_by_reference() -> None:
    digest = "sha256:" + "a" * 64
    text = (
        "REF TYPE DIGEST SIZE PLATFORMS LABELS\n"
        f"registry.k8s.io/pause:3.10 application/vnd.oci.image.manifest.v1+json {digest} 1 MiB linux/amd64 -\n"
    )
    assert parse_images(text) == {"registry.k8s.io/pause:3.10": digest}
    assert parse_images("REF TYPE DIGEST\n") == {}


def test_a_sysctls_name_may_hold_an_interface_with_a_dot() -> None:
    assert place("net.ipv4.ip_forward", Host()) == "/proc/sys/net/ipv4/ip_forward"
    assert place("net/ipv4/conf/eth0.1/rp_filter", Host()) == "/proc/sys/net/ipv4/conf/eth0.1/rp_filter"
    assert plain("4096\t87380\t6291456\n") == "4096 87380 6291456"


def test_installed_packages(machine: Any) -> None:
    machine.write(
        "/var/lib/dpkg/status",
        "Package: a\nStatus: install ok installed\nVersion: 1\nDescription: x\n y\n\n"
        "Package: b\nStatus: deinstall ok config-files\nVersion: 2\n\n",
    )
    assert debian(Host(str(machine.root))) == [("a", "1")]
    facts = machine.ask("observe", items=[{"type": "package", "name": "a"}, {"type": "package", "name": "b"}])["facts"]
    assert facts == {"package a": {"installed": "yes"}, "package b": {"installed": "absent"}}


def test_capabilities_by_name() -> None:
    assert capabilities("CapBnd:\t0000000001000001\n") == ["cap_chown", "cap_sys_resource"]
    assert capabilities("") == []


def test_hierarchies_of_both_versions() -> None:
    assert hierarchies("0::/x\n") == ["unified"]
    assert hierarchies("4:memory:/x\n2:cpu,cpuacct:/\n") == ["cpu,cpuacct", "memory"]
