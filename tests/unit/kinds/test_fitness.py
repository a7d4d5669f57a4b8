"""Which machines can become nodes, and what is said of the others."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from typing import Any

import pytest

from bareplane_provider.errors import InputError
from bareplane_provider.facts import Disk, Moment, Platform
from bareplane_provider.kinds.fitness import doubts, duration, numbers, refusal, unfit
from bareplane_provider.kinds.machine import Arrivals
from bareplane_provider.kinds.machine import Machine as MachineKind

PLATFORM = Platform(
    distribution="debian",
    version="12",
    kernel="6.1.0-18-amd64",
    systemd=252,
    nft="1.0.6",
    selinux=False,
    programs=frozenset({"apt-get", "ip", "modprobe", "mount", "nft", "openssl"}),
)
FREE = Moment(
    ahead=0.0,
    disks={"/var/lib": Disk(50000, 90000), "/opt": Disk(50000, 90000)},
    swap={},
    listening={22: "sshd, pid 1"},
    runtimes=(),
    kubernetes=(),
    owners=(),
    entries=(),
)
# What each distribution brings.
RELEASES = {
    ("debian", "12"): ("6.1.0-18-amd64", 252, "1.0.6"),
    ("debian", "13"): ("6.12.41+deb13-amd64", 257, "1.1.3"),
    ("ubuntu", "22.04"): ("5.15.0-91-generic", 249, "1.0.2"),
    ("ubuntu", "24.04"): ("6.8.0-31-generic", 255, "1.0.9"),
    ("rhel", "9.4"): ("5.14.0-427.el9.x86_64", 252, "1.0.9"),
    ("rocky", "9.3"): ("5.14.0-362.el9.x86_64", 252, "1.0.4"),
    ("almalinux", "9.0"): ("5.14.0-70.el9.x86_64", 250, "1.0.1"),
}


def told(
    kit: Any, facts: dict[str, Any] | None = None, platform: dict[str, Any] | None = None, **moment: Any
) -> list[str]:
    spec = MachineKind().parse(kit.inputs["Machine"])
    return unfit(spec, kit.facts(**facts or {}), replace(PLATFORM, **platform or {}), replace(FREE, **moment))


@pytest.mark.parametrize(("distribution", "version"), RELEASES)
def test_releases_that_are_supported(kit: Any, distribution: str, version: str) -> None:
    kernel, systemd, nft = RELEASES[(distribution, version)]
    release = {"distribution": distribution, "version": version, "kernel": kernel, "systemd": systemd, "nft": nft}
    assert told(kit, platform=release) == []


@pytest.mark.parametrize(
    ("facts", "platform", "moment", "words"),
    [
        ({"arch": "riscv64"}, {}, {}, ["riscv64", "amd64, arm64"]),
        ({"memory_mib": 100}, {}, {}, ["100 MiB of memory", "512", "give it more"]),
        ({"cpus": 0}, {}, {}, ["0 CPU", "at least 1"]),
        ({}, {"distribution": "plan9", "version": ""}, {}, ["runs plan9, supported are debian 12, ubuntu 22.04"]),
        ({}, {"distribution": "debian", "version": "11"}, {}, ["runs debian 11, supported are debian 12"]),
        ({}, {"distribution": "ubuntu", "version": "20.04"}, {}, ["runs ubuntu 20.04"]),
        ({}, {"distribution": "debian", "version": ""}, {}, ["runs debian, supported"]),
        ({}, {"kernel": "5.10.0-28-amd64"}, {}, ["kernel is 5.10.0-28-amd64, 5.13 or later", "upgrade"]),
        ({}, {"systemd": 0}, {}, ["first process is not systemd"]),
        ({}, {"systemd": 245}, {}, ["systemd is version 245, 247 or later"]),
        ({}, {"nft": "0.9.8"}, {}, ["nft is version 0.9.8, 1.0.1 or later"]),
        ({}, {"selinux": True}, {}, ["SELinux enforces", "setenforce 0"]),
        (
            {},
            {"programs": frozenset({"apt-get", "mount", "modprobe", "openssl"})},
            {},
            ["lacks ip, nft", "apt-get install iproute2 nftables"],
        ),
        (
            {},
            {"programs": frozenset({"dnf", "mount", "modprobe", "openssl"})},
            {},
            ["lacks ip, nft", "dnf install iproute nftables"],
        ),
        (
            {},
            {},
            {"disks": {"/var/lib": Disk(10, 90), "/opt": Disk(900, 900)}},
            ["10 MiB are free below /var/lib", "2048"],
        ),
        ({}, {}, {"disks": {"/var/lib": Disk(9000, 90), "/opt": Disk(20, 90)}}, ["20 MiB are free below /opt", "700"]),
        ({}, {}, {"kubernetes": ("k3s (pid 7)",)}, ["another Kubernetes is there: k3s (pid 7)", "kubeadm reset"]),
        ({}, {}, {"kubernetes": ("/etc/kubernetes/admin.conf",)}, ["/etc/kubernetes/admin.conf", "remove these files"]),
        (
            {},
            {},
            {"runtimes": ("dockerd (pid 9)", "docker.socket (enabled)")},
            ["dockerd (pid 9)", "disable --now docker.socket`"],
        ),
        (
            {},
            {},
            {"listening": {22: "", 10250: "nginx, pid 8", 2379: ""}},
            ["in use: 2379, 10250 (nginx, pid 8); stop"],
        ),
        ({}, {}, {"ahead": 3700.0}, ["clock is 62 min ahead of", "certificates", "timedatectl"]),
        ({}, {}, {"ahead": -61.0}, ["clock is 61 s behind"]),
        ({}, {}, {"owners": ("other/stack/11",), "kubernetes": ("kubelet",)}, ["the stack other/stack/11", "destroy"]),
        (
            {},
            {},
            {"owners": ("demo/test/00",), "entries": ("server-9/machine",)},
            ["server 'server-9' already", "twice"],
        ),
        ({}, {}, {"owners": ("demo/test/00",), "ahead": 99.0}, ["clock is 99 s ahead"]),
    ],
)
def test_a_machine_that_cannot_become_a_node_is_told_why_and_what_to_try(
    kit: Any, facts: dict[str, Any], platform: dict[str, Any], moment: dict[str, Any], words: list[str]
) -> None:
    reasons = told(kit, facts, platform, **moment)
    assert len(reasons) == 1, reasons
    assert [word for word in words if word not in reasons[0]] == [], reasons


def test_what_is_ours_already_is_no_obstacle(kit: Any) -> None:
    ours: dict[str, Any] = {"owners": ("demo/test/00",), "entries": ("server-1/machine", "server-1/etcd")}
    running: dict[str, Any] = {
        "listening": {2379: "etcd, pid 1"},
        "runtimes": ("containerd (pid 2)",),
        "kubernetes": ("kubelet",),
    }
    assert told(kit, **ours, **running) == []


def test_every_reason_is_told_at_once_a_line_each(kit: Any) -> None:
    reasons = told(kit, {"memory_mib": 1, "arch": "x"}, {"systemd": 0}, kubernetes=("k3s (pid 7)",), ahead=999.0)
    assert len(reasons) == 5
    text = refusal("server-1", "10.0.0.1", reasons)
    assert text.startswith("preparing server-1 (10.0.0.1): it cannot be used, and nothing was changed there:\n  - ")
    assert text.count("\n") == 5
    assert "\n" not in refusal("server-1", "10.0.0.1", reasons[:1])


def test_swap_is_left_on_and_said(kit: Any) -> None:
    moment = replace(FREE, swap={"/swapfile": 2047})
    (old,) = doubts(kit.facts(cgroup_version=1), PLATFORM, moment)
    assert "/swapfile, 2047 MiB" in old
    assert "failSwapOn: false" in old
    assert "cannot keep pods out" in old
    assert "Secrets" in old
    (new,) = doubts(kit.facts(cgroup_version=2), replace(PLATFORM, kernel="6.8.0"), moment)
    assert "none of it" in new
    assert "Secrets" not in new


def test_a_nearly_full_disk_is_said(kit: Any) -> None:
    moment = replace(FREE, disks={"/var/lib": Disk(9000, 90000), "/opt": Disk(1, 90000)})
    (said,) = doubts(kit.facts(), PLATFORM, moment)
    assert "9000 of 90000 MiB are free below /var/lib: less than 15%" in said
    assert list(doubts(kit.facts(), PLATFORM, FREE)) == []


@pytest.mark.parametrize(("asked", "answered", "clock", "ahead"), [(10, 12, 11, 0), (10, 12, 72, 60), (10, 12, 3, -7)])
def test_the_clocks_difference_is_what_it_is_at_least(
    asked: float, answered: float, clock: float, ahead: float
) -> None:
    momentary: dict[str, Any] = {
        "clock": clock,
        "disks": {},
        "swap": [],
        "listening": [],
        "runtimes": [],
        "kubernetes": [],
    }
    assert Moment.from_probe({**momentary, "owners": [], "entries": []}, asked, answered).ahead == ahead


def test_versions_and_durations() -> None:
    assert [numbers(one) for one in ("22.04", "5.15.0-91-generic", "", "x1")] == [(22, 4), (5, 15, 0), (), ()]
    assert [duration(one) for one in (61, 3600, 7300, 90000, 2e5)] == ["61 s", "60 min", "2 h", "25 h", "2 days"]


def test_an_unfit_machine_is_refused_before_anything_is_applied(kit: Any) -> None:
    facts: dict[str, Any] = {
        **kit.facts(memory_mib=1).to_wire(),
        "os_id": "debian",
        "os_version": "12",
        "kernel": "6.1",
        "systemd": 252,
        "nft": "1.1",
        "selinux": False,
        "programs": [],
    }
    momentary: dict[str, Any] = {"clock": time.time(), "swap": [], "listening": [], "runtimes": [], "kubernetes": []}
    disks = {path: {"free": 9000, "size": 9000} for path in ("/var/lib", "/opt")}
    asked: list[str] = []

    def answer(request: dict[str, Any], *_: Any, **__: Any) -> dict[str, Any]:
        asked.append(request["operation"])
        return {"facts": facts, "momentary": {**momentary, "disks": disks, "owners": [], "entries": []}}

    machine = kit.machine()
    machine.agent = answer
    machine.connection = MachineKind().parse(kit.inputs["Machine"]).connection
    with pytest.raises(
        InputError, match=r"preparing server-1 \(10\.0\.0\.1\): it cannot be used(?s:.)*memory(?s:.)*lacks"
    ):
        MachineKind().create("x", kit.inputs["Machine"], kit.talk(machine))
    assert set(asked) == {"probe"}


def test_a_refusal_waits_until_no_further_machine_has_come() -> None:
    arrivals, cancelled = Arrivals(), threading.Event()
    arrivals.QUIET = 0.3
    arrivals.note()
    threading.Timer(0.2, arrivals.note).start()
    began = time.monotonic()
    arrivals.wait(cancelled)
    assert 0.45 < time.monotonic() - began < 6
    arrivals.QUIET = 60
    arrivals.note()
    cancelled.set()
    began = time.monotonic()
    arrivals.wait(cancelled)
    assert time.monotonic() - began < 6
