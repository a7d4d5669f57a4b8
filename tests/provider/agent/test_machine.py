"""The agent on a real machine with systemd, a kernel and a network."""

from __future__ import annotations

import base64
import hashlib
import random
import subprocess
import time
from typing import Any

import pytest

from .conftest import OWNER, Refused, Server

DATA = random.Random(1).randbytes(4_000_000)
SUM = hashlib.sha256(DATA).hexdigest()
UNIT = """[Service]
ExecStart=/bin/sleep {seconds}
DynamicUser=yes
StateDirectory=bp-test
[Install]
WantedBy=multi-user.target
"""


def file(path: str, text: str, **more: Any) -> dict[str, Any]:
    return {"type": "file", "path": path, "content": base64.b64encode(text.encode()).decode(), **more}


def services(seconds: int = 1000, **more: Any) -> list[dict[str, Any]]:
    """Two units and their files."""
    items: list[dict[str, Any]] = []
    for name in ("bp-one", "bp-two"):
        path = f"/etc/systemd/system/{name}.service"
        items.append(file(path, UNIT.format(seconds=seconds)))
    for name in ("bp-one", "bp-two"):
        restart = [f"file /etc/systemd/system/{name}.service"]
        unit = {"type": "unit", "name": f"{name}.service", "own_drop_ins": True, "clean": True, "restart_on": restart}
        items.append({**unit, "ready": ["true"], **more})
    return items


MESS = """set -eu
for place in /sys/fs/cgroup /sys/fs/cgroup/*/; do mkdir -p $place/bp-group/a/b 2>/dev/null || true; done
ip link add bp0 type bridge
ip link add bp-v type veth peer name bp-w
ip link set bp-v master bp0
ip link set bp0 up
ip address add 10.77.0.1/24 dev bp0
ip route add 10.78.0.0/24 via 10.77.0.9 proto 77
ip netns add bp-ns
nft add table ip bp-table
nft add chain ip bp-table x
iptables -t mangle -N BP-CHAIN
iptables -t mangle -A PREROUTING -m comment --comment "a b" -j BP-CHAIN
iptables -t mangle -A BP-CHAIN -j RETURN
mkdir -p /opt/bp/m
mount -t tmpfs none /opt/bp/m
mkdir /opt/bp/m/n
mount -t tmpfs none /opt/bp/m/n
cp /bin/sleep /opt/bp/daemon
systemd-run --quiet --slice=bptest-inner.slice --unit=bp-inner sleep 1000
setsid /opt/bp/daemon 1000 >/dev/null 2>&1 </dev/null &
mkdir -p /etc/bp-made/deep
echo x > /etc/bp-made/deep/x
"""


def everything() -> list[dict[str, Any]]:
    residues = [
        "cgroups bp-group",
        "links bp0",
        "netns bp-",
        "nft ip bp-table",
        "iptables BP-",
        "routes 77",
        "slices bptest",
    ]
    return [
        {"type": "directory", "path": "/var/lib/bareplane", "mode": "0700", "tree": True},
        {"type": "directory", "path": "/opt/bp", "tree": True},
        {"type": "module", "name": "overlay"},
        {"type": "sysctl", "key": "net.ipv4.conf.all.rp_filter", "value": "2"},
        {"type": "line", "path": "/etc/hosts", "line": "10.9.9.9 bp-test"},
        {"type": "file", "path": "/opt/bp/bin/program", "upload": SUM},
        {"type": "file", "path": "/opt/bp/bin/again", "upload": SUM},
        file("/etc/motd", "ours", mode="0600"),
        {"type": "symlink", "path": "/etc/bp-link", "target": "motd"},
        *({"type": "residue", "what": what} for what in [*residues, "mounts /opt/bp", "processes /opt/bp/daemon"]),
        {"type": "command", "name": "mess", "argv": ["bash", "-c", MESS], "produces": [{"path": "/etc/bp-made"}]},
        *services(),
    ]


def packed() -> dict[str, tuple[str, bytes]]:
    return {SUM: ("zstd", subprocess.run(["zstd", "-qc"], input=DATA, stdout=subprocess.PIPE, check=True).stdout)}


def test_everything_comes_and_goes_without_residue(clean: Server) -> None:
    """Files, units, mounts, links, routes, rules, namespaces, control groups, processes: `clean` compares them all."""
    result = clean.ask("apply", packed(), items=everything())
    assert result["facts"]["unit bp-two.service"]["active"] == "active"
    assert clean.run("sha256sum < /opt/bp/bin/again").split()[0] == SUM
    assert clean.run("ip -br link show bp0; nft list tables; ls /run/netns").count("bp") >= 3
    during = clean.inventory()
    assert clean.ask("apply", items=everything())["changed"] == []
    clean.ask("observe", items=everything())
    assert clean.inventory() == during


DRIFTS = {
    "stopped": ("systemctl stop bp-one", {"unit bp-one.service": {"active": "inactive"}}),
    "disabled": ("systemctl -q disable bp-one", {"unit bp-one.service": {"enabled": "disabled"}}),
    "drop-in": (
        "mkdir /etc/systemd/system/bp-one.service.d; echo [Service] > /etc/systemd/system/bp-one.service.d/x.conf",
        {"unit bp-one.service": {"drop_ins": "/etc/systemd/system/bp-one.service.d/x.conf"}},
    ),
    "mode": (
        "chmod 0666 /etc/systemd/system/bp-one.service",
        {"file /etc/systemd/system/bp-one.service": {"mode": "0666"}},
    ),
    "edited": ("echo '# by hand' >> /etc/systemd/system/bp-one.service", None),
    "masked": (
        "systemctl -q mask --runtime bp-two; rm /etc/systemd/system/bp-two.service; systemctl daemon-reload",
        None,
    ),
}


@pytest.mark.parametrize("drift", list(DRIFTS))
def test_one_fact_changed_by_hand_is_seen_alone_and_repaired(clean: Server, drift: str) -> None:
    script, expected = DRIFTS[drift]
    baseline = clean.ask("apply", items=services())["facts"]
    clean.run(script)
    now = clean.ask("observe", items=services())["facts"]
    seen = {
        key: changed
        for key, own in now.items()
        if (changed := {name: value for name, value in own.items() if baseline[key].get(name) != value})
    }
    if drift == "edited":
        assert {key: set(own) for key, own in seen.items()} == {"file /etc/systemd/system/bp-one.service": {"content"}}
    elif expected is not None:
        assert seen == expected
    else:
        assert seen
    assert clean.ask("apply", items=services())["facts"] == baseline


def test_a_changed_unit_file_restarts_its_unit_alone(clean: Server) -> None:
    clean.ask("apply", items=services())
    other = clean.run("systemctl show -P MainPID bp-two")
    items = services()
    items[0] = file("/etc/systemd/system/bp-one.service", UNIT.format(seconds=2000))
    result = clean.ask("apply", items=items)
    assert result["changed"] == ["file /etc/systemd/system/bp-one.service", "unit bp-one.service"]
    assert "2000" in clean.run("tr '\\0' ' ' < /proc/$(systemctl show -P MainPID bp-one)/cmdline")
    assert clean.run("systemctl show -P MainPID bp-two") == other


def test_units_start_side_by_side(clean: Server) -> None:
    """Neither is ready before the other one runs; one after the other, the first would never be."""
    both = "systemctl is-active --quiet bp-one && systemctl is-active --quiet bp-two"
    clean.ask("apply", items=services(ready=["bash", "-c", both]))


def test_a_unit_that_fails_shows_its_last_lines(clean: Server) -> None:
    path = "/etc/systemd/system/bp-bad.service"
    items = [
        file(path, "[Service]\nType=exec\nExecStart=/bin/sh -c 'echo no such luck; exit 3'\n"),
        {"type": "unit", "name": "bp-bad.service", "enabled": None, "ready": ["false"], "ready_timeout": 3},
    ]
    with pytest.raises(Refused) as caught:
        clean.ask("apply", items=items)
    assert caught.value.code == "not-ready"
    assert caught.value.item == "unit bp-bad.service"
    assert "no such luck" in str(caught.value)


def test_a_failed_apply_leaves_nothing_after_its_removal(clean: Server) -> None:
    items = [*everything(), {"type": "command", "name": "fails", "argv": ["false"]}]
    with pytest.raises(Refused, match="fails"):
        clean.ask("apply", packed(), items=items)
    assert clean.ask("entries")["entries"][0]["state"] == "intent"


def test_one_flipped_byte_is_refused(clean: Server) -> None:
    encoding, data = packed()[SUM]
    damaged = bytearray(data)
    damaged[len(damaged) // 2] ^= 1
    items = [{"type": "file", "path": "/opt/bp/program", "upload": SUM}]
    for sent in ((encoding, bytes(damaged)), ("none", DATA[:-1] + b"!")):
        with pytest.raises(Refused) as caught:
            clean.ask("apply", {SUM: sent}, items=items)
        assert caught.value.code == "checksum"
        assert clean.run("ls -A /opt/bp") == ""


def test_a_cut_connection_stops_it_between_two_items(clean: Server) -> None:
    items = [
        file("/etc/bp-1", "1"),
        {"type": "command", "name": "slow", "argv": ["sleep", "2"]},
        file("/etc/bp-2", "2"),
    ]
    own = ["-oControlPath=none", *clean.options]
    process = Server(own, clean.target).start(
        {"operation": "apply", "entry": "server/test", "owner": OWNER, "items": items}
    )
    assert process.stdout is not None
    while b"running slow" not in process.stdout.readline():
        continue
    process.kill()
    process.wait()
    # The next run waits for the lock, so what it sees is what the cut one left.
    with pytest.raises(Refused, match="belongs to"):
        clean.ask("remove", owner="nobody")
    assert clean.run("ls /etc/bp-*") == "/etc/bp-1"
    assert clean.ask("entries")["entries"][0]["state"] == "intent"
    clean.ask("apply", items=items)
    assert clean.run("cat /etc/bp-1 /etc/bp-2") == "12"


def test_two_runs_are_kept_apart_by_name(clean: Server) -> None:
    items = [{"type": "command", "name": "slow", "argv": ["sleep", "2"]}]
    request = {"operation": "apply", "entry": "server/test", "owner": OWNER, "items": items}
    with clean.start(request) as first:
        assert first.stdout is not None
        first.stdout.readline()
        with pytest.raises(Refused, match=r"apply server/test") as caught:
            clean.ask("apply", items=[], entry="server/other", lock_wait=0.2)
        assert caught.value.code == "locked"
        clean.ask("observe", items=[])
        first.communicate()
    assert clean.ask("apply", items=[file("/etc/bp-1", "1")], entry="server/other")["changed"] == ["file /etc/bp-1"]


def test_the_machine_is_described(server: Server) -> None:
    answer = server.ask("probe")
    facts, momentary = answer["facts"], answer["momentary"]
    assert facts["systemd"] >= 247
    assert facts["hostname"] == server.run("hostname")
    assert facts["network"]["interface"] == server.run(
        "ip -o -4 route show default | sed 's/.* dev \\([^ ]*\\).*/\\1/'"
    )
    assert any((one["port"], one["program"]) == (22, "sshd") and one["pid"] for one in momentary["listening"])
    assert abs(momentary["clock"] - time.time()) < 60
    assert momentary["runtimes"] == momentary["kubernetes"] == []
    assert server.ask("probe")["facts"] == facts


def test_an_inventory_is_quick_and_the_same_twice(server: Server) -> None:
    first = server.inventory()
    began = time.monotonic()
    assert server.inventory() == first
    assert time.monotonic() - began < 20
    assert len(first["files"]) > 3000
    assert "/etc/passwd" in first["files"]
