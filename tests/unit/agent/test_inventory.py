"""An inventory tells two states of a machine apart."""

from __future__ import annotations

import os
from typing import Any

import pytest

from bareplane_agent.host import Host
from bareplane_agent.inventory.difference import difference
from bareplane_agent.inventory.files import files
from bareplane_agent.inventory.kernel import READINGS
from bareplane_agent.inventory.system import SESSION_UNIT, without_sessions
from bareplane_agent.processes import Process

BEFORE = {"files": {"/a": "1", "/b": "2"}, "mounts": ["x", "x", "y"]}


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (BEFORE, []),
        ({**BEFORE, "files": {"/a": "1"}}, ["files: - /b (2)"]),
        ({**BEFORE, "files": {"/a": "3", "/b": "2"}}, ["files: ~ /a (1 -> 3)"]),
        ({**BEFORE, "files": {"/a": "1", "/b": "2", "/c": "4"}}, ["files: + /c (4)"]),
        ({**BEFORE, "mounts": ["x", "y", "z"]}, ["mounts: - x", "mounts: + z"]),
        ({"files": BEFORE["files"]}, ["mounts: - x", "mounts: - x", "mounts: - y"]),
    ],
)
def test_difference(after: dict[str, Any], expected: list[str]) -> None:
    assert difference(BEFORE, after) == expected


def change_content(machine: Any) -> None:
    machine.write("/etc/x", "other")


def change_mode(machine: Any) -> None:
    machine.path("/etc/x").chmod(0o600)


def add(machine: Any) -> None:
    machine.write("/var/lib/new", "")


def empty_folder(machine: Any) -> None:
    machine.path("/opt/d").mkdir(parents=True)


def retarget(machine: Any) -> None:
    machine.path("/etc/l").unlink()
    machine.path("/etc/l").symlink_to("b")


@pytest.mark.parametrize("change", [change_content, change_mode, add, empty_folder, retarget])
def test_every_change_of_a_file_shows(machine: Any, change: Any) -> None:
    machine.write("/etc/x", "one")
    machine.path("/etc/l").symlink_to("a")
    host = Host(str(machine.root))
    before = files(host)
    assert files(host) == before
    change(machine)
    assert difference({"files": before}, {"files": files(host)}) != []


def test_only_what_the_rules_name_is_left_out(machine: Any) -> None:
    host = Host(str(machine.root))
    for path in ("/run/x", "/tmp/x", "/var/log/x", "/var/cache/apt/x", "/var/lib/dpkg/x", "/var/lib/apt/lists/x"):
        machine.write(path, "")
    for path in ("/var/tmp/x", "/var/cache/x", "/home/tmp/x", "/root/.cache/x"):
        machine.write(path, "")
    found = {path for path in files(host) if path.endswith("/x")}
    assert found == {"/var/tmp/x", "/var/cache/x", "/home/tmp/x", "/root/.cache/x"}


def process(pid: int, parent: int, program: str, *arguments: str) -> Process:
    return Process(pid, parent, "1", program, arguments or (program,))


def test_sessions_are_left_out_with_all_below_them() -> None:
    sshd = "/usr/sbin/sshd"
    everything = [
        process(1, 0, "/lib/systemd/systemd", "/sbin/init"),
        process(10, 1, sshd, "sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups"),
        process(11, 10, sshd, "sshd: root@notty"),
        process(12, 11, "/usr/bin/bash", "bash"),
        process(13, 12, "/usr/bin/python3", "python3"),
        process(20, 1, "/lib/systemd/systemd", "/lib/systemd/systemd", "--user"),
        process(21, 20, "/lib/systemd/systemd", "(sd-pam)"),
        process(30, 1, "/opt/bareplane/bin/etcd", "etcd"),
    ]
    assert [one.pid for one in without_sessions(everything, os.getpid())] == [1, 10, 30]


@pytest.mark.parametrize("name", ["session-3.scope", "user-0.slice", "user@0.service", "run-user-0.mount"])
def test_units_of_sessions_are_left_out(name: str) -> None:
    assert SESSION_UNIT.fullmatch(name)


@pytest.mark.parametrize("name", ["etcd.service", "run-netns.mount", "ssh.service", "kubepods.slice"])
def test_units_of_the_machine_are_not(name: str) -> None:
    assert not SESSION_UNIT.fullmatch(name)


def test_settings_are_not_taken_for_readings() -> None:
    for name in ("net/ipv4/ip_forward", "kernel/panic", "vm/overcommit_memory", "net/bridge/bridge-nf-call-iptables"):
        assert not READINGS.fullmatch(name)
    for name in ("kernel/random/uuid", "fs/file-nr", "net/netfilter/nf_conntrack_count"):
        assert READINGS.fullmatch(name)
