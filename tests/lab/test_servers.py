"""A server looks like a machine: what the product and its components rely on works in it."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .conftest import Lab

MODULES = "json, zlib, subprocess, http.client, ssl, hashlib, fcntl, zipimport, base64, socket, tarfile"


def test_inventory_pins_the_key_that_the_server_shows(lab: Lab) -> None:
    for server in lab.servers():
        shown = lab.on(server["name"], "cat /etc/ssh/ssh_host_ed25519_key.pub; hostname; hostname -I")
        key, name, addresses = shown.splitlines()
        assert key.startswith(server["hostKey"] + " ")
        assert name == server["name"]
        assert server["address"] in addresses.split()


def test_servers_are_different_machines(lab: Lab) -> None:
    first, second = (lab.on(name, "cat /etc/machine-id") for name in ("server-1", "server-2"))
    assert first != second


def test_systemd_started_everything(lab: Lab) -> None:
    assert lab.on("server-1", "systemctl is-system-running; systemctl --failed --no-legend") == "running"


def test_operator_becomes_root_without_a_password(lab: Lab) -> None:
    assert lab.call("ssh", "--user", "operator", "server-1", "--", "sudo -n id -un").stdout.strip() == "root"


def test_password_login_is_refused(lab: Lab) -> None:
    assert "passwordauthentication no" in lab.on("server-1", "sshd -T")


def test_service_with_a_user_of_its_own_state_and_credential(lab: Lab) -> None:
    script = 'test "$(id -u)" != 0; cat "$CREDENTIALS_DIRECTORY/word"; touch "$STATE_DIRECTORY/mine"'
    printed = lab.on(
        "server-1",
        f"""
        systemd-run --quiet --wait --pipe -p DynamicUser=yes -p StateDirectory=lab-probe \\
            -p LoadCredential=word:/etc/hostname sh -euc {shlex.quote(script)}
        test -f /var/lib/private/lab-probe/mine
        rm -r /var/lib/private/lab-probe /var/lib/lab-probe
        """,
    )
    assert printed == "server-1"


def test_overlay_can_be_mounted_below_var_lib(lab: Lab) -> None:
    lab.on(
        "server-1",
        """
        cd "$(mktemp -d -p /var/lib)"
        mkdir lower upper work merged
        mount -t overlay overlay -o lowerdir=lower,upperdir=upper,workdir=work merged
        touch merged/file
        umount merged
        test -f upper/file
        rm -r "$PWD"
        """,
    )


def test_root_is_shared_so_that_mounts_propagate_into_pods(lab: Lab) -> None:
    assert "shared" in lab.on("server-1", "findmnt --noheadings --output PROPAGATION /")


def test_netfilter_starts_empty_and_takes_rules(lab: Lab) -> None:
    assert lab.on("server-1", "nft list ruleset") == ""
    lab.on("server-1", "nft add table inet probe; nft list table inet probe; nft delete table inet probe")


@pytest.mark.parametrize("key", ["vm/overcommit_memory", "kernel/panic", "fs/file-max"])
def test_kernel_wide_settings_are_read_only(lab: Lab, key: str) -> None:
    script = f"cat /proc/sys/{key} > /tmp/now; if cat /tmp/now > /proc/sys/{key}; then echo written; fi 2>/dev/null"
    assert lab.call("ssh", "server-1", "--", script).stdout == ""


def test_network_settings_are_a_servers_own(lab: Lab) -> None:
    lab.on("server-1", "sysctl -q -w net.ipv4.conf.all.log_martians=1")
    assert lab.on("server-1", "sysctl -n net.ipv4.conf.all.log_martians") == "1"
    assert lab.on("server-2", "sysctl -n net.ipv4.conf.all.log_martians") == "0"
    lab.on("server-1", "sysctl -q -w net.ipv4.conf.all.log_martians=0")


def test_python_has_what_the_agent_imports(lab: Lab) -> None:
    lab.on("server-1", f"python3 -c 'import {MODULES}'")


def test_addresses_behind_one_server_are_reached_from_behind_another(lab: Lab) -> None:
    """What the pod network does: a bridge and a namespace on each, a route to the other's range."""
    gateways = {server["name"]: server["address"] for server in lab.servers()}
    numbers = {"server-1": 1, "server-2": 2}
    try:
        for name, number in numbers.items():
            other = next(one for one in numbers if one != name)
            lab.on(
                name,
                f"""
                sysctl -q -w net.ipv4.ip_forward=1
                ip netns add probe
                ip link add probe0 type bridge
                ip link add probe1 type veth peer name eth0 netns probe
                ip link set probe1 master probe0
                ip address add 10.244.{number}.1/24 dev probe0
                ip link set probe0 up; ip link set probe1 up
                ip -n probe address add 10.244.{number}.2/24 dev eth0
                ip -n probe link set eth0 up
                ip -n probe route add default via 10.244.{number}.1
                ip route add 10.244.{numbers[other]}.0/24 via {gateways[other]}
                systemd-run --quiet --unit probe -p NetworkNamespacePath=/run/netns/probe \\
                    socat TCP-LISTEN:8080,fork,reuseaddr EXEC:hostname
                """,
            )
        answer = lab.on(
            "server-1",
            "ip netns exec probe socat -T5 - TCP:10.244.2.2:8080,retry=10,interval=0.2 </dev/null",
        )
        assert answer == "server-2"
    finally:
        for name, number in numbers.items():
            lab.call(
                "ssh",
                name,
                "--",
                "systemctl stop probe; ip link del probe0; ip netns del probe; sysctl -q -w net.ipv4.ip_forward=0; "
                f"ip route del 10.244.{3 - number}.0/24",
                check=False,
            )
