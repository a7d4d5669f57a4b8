"""Machines that cannot become nodes, as the agent finds them on a real server: one refusal, and nothing is changed."""

from __future__ import annotations

import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.e2e.servers import Lab
from tests.provider.worlds.doors import FOLDER, Doors
from tests.provider.worlds.taking import OWNER, Taking

SERVER = "server-1"
CLOCK = Path(__file__).parents[1] / "conformance" / "shifted_clock.c"


def instead(path: str, text: str) -> str:
    """Shell that has a file read as something else."""
    return f"file=$(mktemp -p {FOLDER}); printf '{text}' > $file; mount --bind $file {path}"


def without(program: str) -> str:
    """Shell that hides a program: what stands in its place cannot be run."""
    return f"file=$(mktemp -p {FOLDER}); mount --bind $file $(readlink -f $(command -v {program}))"


def saying(program: str, text: str) -> str:
    """Shell that has a program say another version of itself."""
    return (
        f"file=$(mktemp -p {FOLDER}); printf '#!/bin/sh\\necho {text}\\n' > $file; chmod 755 $file; "
        f"mount --bind $file $(readlink -f $(command -v {program}))"
    )


@pytest.mark.parametrize(
    ("world", "around", "words"),
    [
        (instead("/etc/os-release", "ID=plan9\\n"), "exec", ["it runs plan9, supported are debian 12", "install one"]),
        (instead("/etc/os-release", 'ID=debian\\nVERSION_ID="10"\\n'), "exec", ["it runs debian 10, supported are"]),
        (instead("/etc/os-release", "ID=ubuntu\\nVERSION_ID=20.04\\n"), "exec", ["it runs ubuntu 20.04, supported"]),
        # The kernel's own way to look older to old programs.
        ("", "setarch --uname-2.6", ["its kernel is 2.6", "5.13 or later is needed"]),
        # A 32-bit program on this kernel sees this architecture.
        ("", "setarch i686", ["its architecture is i686, supported are amd64, arm64"]),
        ("mount -t tmpfs none /run/systemd", "exec", ["its first process is not systemd"]),
        (saying("systemctl", "systemd 245"), "exec", ["its systemd is version 245, 247 or later"]),
        (saying("nft", "nftables v0.9.8"), "exec", ["its nft is version 0.9.8, 1.0.1 or later"]),
        (
            without("nft") + "\n" + without("openssl"),
            "exec",
            ["lacks nft, openssl", "apt-get install nftables openssl"],
        ),
        (instead("/proc/meminfo", "MemTotal: 400000 kB\\n"), "exec", ["390 MiB of memory, at least 512"]),
        ("mount -t tmpfs -o size=100m none /opt", "exec", ["100 MiB are free below /opt, at least 700 are needed"]),
        ("mount -t tmpfs -o size=900m none /var/lib", "exec", ["900 MiB are free below /var/lib, at least 2048"]),
    ],
    ids=[
        "unknown distribution",
        "old debian",
        "old ubuntu",
        "old kernel",
        "architecture",
        "no systemd",
        "old systemd",
        "old nft",
        "programs missing",
        "memory",
        "disk of programs",
        "disk of state",
    ],
)
def test_a_machine_that_lacks_something_is_refused(
    taking: Taking, doors: Doors, world: str, around: str, words: list[str]
) -> None:
    told = taking.refusal(doors.open(world, around))
    assert told.startswith("preparing server-1 (")
    assert "it cannot be used, and nothing was changed there: " in told, told
    assert [word for word in words if word not in told] == [], told
    assert taking.ledger(SERVER) == []


def test_too_few_cpus_are_refused(taking: Taking, doors: Doors) -> None:
    told = taking.refusal(doors.open("", "taskset --cpu-list 0"), minimumCpus=2)
    assert "it has 1 CPU, at least 2 are needed" in told


def test_every_reason_is_told_at_once(taking: Taking, doors: Doors) -> None:
    world = instead("/etc/os-release", "ID=plan9\\n") + "\n" + without("nft") + "\nmount -t tmpfs -o size=9m none /opt"
    told = taking.refusal(doors.open(world, "setarch i686"))
    assert told.count("\n  - ") == 4, told


@pytest.mark.parametrize(("shift", "words"), [(3600, "60 min ahead of"), (-3600, "60 min behind"), (90, "ahead of")])
def test_a_clock_that_is_off_is_told(taking: Taking, doors: Doors, tmp_path: Path, shift: int, words: str) -> None:
    """It stands for a machine without time synchronisation: there everything has that clock, here the agent alone."""
    library = tmp_path / "clock.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", str(library), str(CLOCK)], check=True)
    subprocess.run(
        doors.lab.ssh(SERVER, f"cat > {FOLDER}/clock.so"), input=library.read_bytes(), check=True, capture_output=True
    )
    around = f"LD_PRELOAD={FOLDER}/clock.so BAREPLANE_CLOCK={shift} exec"
    told = taking.refusal(doors.open("", around))
    assert f"{words} this computer's" in told
    assert "certificates would not be valid there" in told
    assert "timedatectl set-ntp true" in told


def test_a_machine_that_lacks_nothing_is_taken_through_such_a_door(taking: Taking, doors: Doors) -> None:
    taking.take_and_leave(doors.open(""))
    assert taking.ledger(SERVER) == []
    assert taking.warned == []


def test_swap_is_told_and_no_obstacle(taking: Taking, doors: Doors) -> None:
    swaps = "Filename Type Size Used Priority\\n/swapfile file 2097148 0 -2\\n"
    taking.take_and_leave(doors.open(instead("/proc/swaps", swaps)))
    (said,) = taking.warned
    assert "server-1: swap is on (/swapfile, 2047 MiB) and stays as it is" in said
    assert "failSwapOn: false" in said
    assert "swapoff -a" in said


@contextmanager
def running(lab: Lab, name: str, command: str) -> Generator[None]:
    """A program that somebody runs on the server."""
    lab.on(SERVER, f"systemd-run --quiet --collect --unit={name} {command}; sleep 0.5; systemctl is-active {name}")
    try:
        yield
    finally:
        lab.on(SERVER, f"systemctl stop {name}")


@pytest.mark.parametrize(
    "listen", ["TCP-LISTEN:10250,fork", "TCP6-LISTEN:10250,fork", "TCP-LISTEN:10250,bind=127.0.0.1"]
)
def test_a_port_in_use_is_told_with_its_process(taking: Taking, lab: Lab, untouched: None, listen: str) -> None:
    with running(lab, "squatter", f"/usr/bin/socat {listen} STDOUT"):
        pid = lab.on(SERVER, "systemctl show --property=MainPID --value squatter")
        told = taking.refusal(taking.entry(SERVER))
    assert f"ports that a node needs are in use: 10250 (socat, pid {pid}); stop what holds them" in told


@pytest.mark.parametrize(
    ("program", "words"),
    [
        ("dockerd", "a container runtime of somebody else is there: dockerd (pid "),
        ("containerd", "a container runtime of somebody else is there: containerd (pid "),
        ("kubelet", "another Kubernetes is there: kubelet (pid "),
        ("k3s", "another Kubernetes is there: k3s (pid "),
        ("kube-apiserver", "another Kubernetes is there: kube-apiserver (pid "),
    ],
)
def test_what_somebody_else_runs_is_told(taking: Taking, lab: Lab, untouched: None, program: str, words: str) -> None:
    lab.on(SERVER, f"mkdir -p /run/theirs; cp $(readlink -f $(command -v sleep)) /run/theirs/{program}")
    try:
        with running(lab, "theirs", f"/run/theirs/{program} 1000"):
            told = taking.refusal(taking.entry(SERVER))
    finally:
        lab.on(SERVER, "rm -r /run/theirs")
    assert words in told
    assert "or take another server" in told


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/etc/kubernetes/admin.conf", "another Kubernetes is there: /etc/kubernetes/admin.conf; take it off"),
        ("/etc/rancher/k3s/k3s.yaml", "another Kubernetes is there: /etc/rancher/k3s/k3s.yaml"),
        ("/etc/cni/net.d/10-flannel.conflist", "another Kubernetes is there: /etc/cni/net.d/10-flannel.conflist"),
        (
            "/etc/systemd/system/multi-user.target.wants/kubelet.service",
            "Kubernetes is there: kubelet.service (enabled)",
        ),
        ("/etc/systemd/system/sockets.target.wants/docker.socket", "`systemctl disable --now docker.socket`"),
    ],
)
def test_what_somebody_else_left_is_told(taking: Taking, lab: Lab, untouched: None, path: str, words: str) -> None:
    top = lab.on(SERVER, f"at={path}; until [ -e $(dirname $at) ]; do at=$(dirname $at); done; echo $at")
    lab.on(SERVER, f"mkdir -p $(dirname {path}); echo x > {path}")
    try:
        told = taking.refusal(taking.entry(SERVER))
    finally:
        lab.on(SERVER, f"rm -r {top}")
    assert words in told


def test_a_server_under_two_names_is_told(taking: Taking, lab: Lab, untouched: None) -> None:
    taking.lab.ask_agent(SERVER, {"operation": "apply", "owner": OWNER, "entry": f"{SERVER}/machine", "items": []})
    try:
        told = taking.refusal(taking.entry(SERVER, name="server-9"))
    finally:
        lab.ask_agent(SERVER, {"operation": "sweep", "owner": OWNER})
    assert "it is this stack's server 'server-1' already; it is listed twice: take one out" in told


def test_who_only_looks_at_another_cluster_from_there_is_no_obstacle(taking: Taking, lab: Lab, untouched: None) -> None:
    lab.on(SERVER, "mkdir -p /run/theirs; cp $(readlink -f $(command -v sleep)) /run/theirs/kubectl")
    try:
        with running(lab, "theirs", "/run/theirs/kubectl 1000"):
            taking.take_and_leave(taking.entry(SERVER))
    finally:
        lab.on(SERVER, "rm -r /run/theirs")
