"""What can go wrong: each mishap is brought about by scripts on a server's console, or done to the plugin itself.

Lifting one that was never brought about, or whose server has been restarted since, is fine.
"""

from __future__ import annotations

import shlex
import signal
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.provider.conformance.console import Console
from tests.provider.conformance.driver import PLUGIN, Driver

OVERLAY = (Path(__file__).parent / "overlay.py").read_text()
AGENTS = "pgrep -f '^python3 -I -S -c import sys' || true"
SESSIONS = "pkill -KILL -f '^sshd: [a-z]+@' || true"
# Ours are those whose unit files are not the distribution's.
COMPONENTS = (
    "components() { systemctl list-units --type=service --state=running --plain --no-legend | while read -r unit _; do "
    'case $(systemctl show -P FragmentPath "$unit") in /etc/systemd/system/*) echo "$unit";; esac; done | shuf; }; '
)


@dataclass(frozen=True)
class Scene:
    """Where a mishap happens. `clock`: the library that moves a program's clock; `share`: a random number in [0, 1)."""

    console: Console
    driver: Driver
    clock: Path
    share: float


Act = Callable[[Scene], None]


def nothing(scene: Scene) -> None:
    """There is nothing to lift."""


@dataclass(frozen=True)
class Mishap:
    name: str
    arm: Act
    lift: Act = nothing
    timeout: float = 0
    """Seconds that the engine gives the call; 0 for what is usual."""
    holds: bool = False
    """The agent stays held until the mishap is lifted."""
    wide: bool = False
    """It may have touched what other resources made: the next run looks at all of them."""


def script(text: str) -> Act:
    """A shell script on the console; `$share` is the scene's random number in per mille."""

    def act(scene: Scene) -> None:
        scene.console.run(f"share={int(scene.share * 1000)}\n{textwrap.dedent(text)}")

    return act


def on_console(name: str, arm: str, lift: str = "", *, timeout: float = 0, wide: bool = False) -> Mishap:
    return Mishap(name, script(arm), script(lift) if lift else nothing, timeout, wide=wide)


def rules(*statements: str) -> str:
    """Packets of the server dropped or refused."""
    chains = "".join(
        f"chain {hook} {{ type filter hook {hook} priority -300; {rule}; }}\n"
        for hook, rule in (one.split(": ", 1) for one in statements)
    )
    return f"nft -f - <<'END'\ntable inet kit_fault {{\n{chains}}}\nEND\n"


NO_RULES = "nft delete table inet kit_fault 2>/dev/null || true"
SILENT = rules("input: tcp dport 22 drop", "output: tcp sport 22 drop")
CUT = on_console("connection cut", SESSIONS)
SILENT_A_WHILE = on_console("network silent for three seconds", f"{SILENT}sleep 3\n{NO_RULES}", NO_RULES)
SILENT_FOR_GOOD = on_console("network silent", SILENT, NO_RULES)
REFUSING = on_console("connections reset", rules("input: tcp dport 22 reject with tcp reset"), NO_RULES)

SSHD_KILLED = on_console(
    "sshd killed", f"pkill -KILL -f '^sshd: /usr/sbin/sshd' || true; {SESSIONS}", "systemctl start ssh"
)
SSHD_STOPPED = on_console("sshd stopped", f"systemctl stop ssh; {SESSIONS}", "systemctl start ssh")
NO_PROCESSES = on_console(
    "no processes left",
    "cd /sys/fs/cgroup/pids/system.slice/ssh.service; cat pids.current >pids.max",
    "echo max >/sys/fs/cgroup/pids/system.slice/ssh.service/pids.max",
)
NO_PYTHON = on_console(
    "python3 broken",
    "mount --bind /usr/bin/false $(readlink -f /usr/bin/python3)",
    "umount $(readlink -f /usr/bin/python3) 2>/dev/null || true",
)

REBOOT = Mishap("reboot", lambda scene: scene.console.restart(), wide=True)
POWER_CUT = Mishap("power cut", lambda scene: scene.console.power_cycle(), wide=True)

PLUGIN_KILLED = Mishap("plugin killed", lambda scene: scene.driver.end(signal.SIGKILL))
PLUGIN_TERMINATED = Mishap("plugin terminated", lambda scene: scene.driver.end(signal.SIGTERM))
CANCELLED = Mishap("cancelled", lambda scene: scene.driver.cancel())

AGENT_KILLED = on_console("agent killed", f"kill -KILL $({AGENTS}) 2>/dev/null || true")
AGENT_TERMINATED = on_console("agent terminated", f"kill -TERM $({AGENTS}) 2>/dev/null || true")
AGENT_FROZEN = Mishap("agent frozen", nothing, timeout=8, holds=True)
HOG = """
    hog() { # $1: a control group whose largest process shall be killed for want of memory, by the kernel
        before=$(awk '/^oom_kill / {print $2}' "$1/memory.oom_control")
        # Pages of files would make room without anybody being killed.
        echo 0 >"$1/memory.force_empty" || true
        echo $(($(cat "$1/memory.usage_in_bytes") + 4194304)) >"$1/memory.limit_in_bytes"
        timeout 20 bash -c "echo -1000 >/proc/self/oom_score_adj; echo \\$\\$ >$1/cgroup.procs
            exec python3 -c 'import time; kept = bytearray(48 << 20)'" || true
        echo -1 >"$1/memory.limit_in_bytes"
        test "$(awk '/^oom_kill / {print $2}' "$1/memory.oom_control")" != "$before"
    }
"""
AGENT_OOM = on_console("agent out of memory", f"{HOG}\n    hog /sys/fs/cgroup/memory/system.slice/ssh.service")
COMPONENT_OOM = on_console(
    "component out of memory",
    f"""{HOG}
    {COMPONENTS}
    for unit in $(components | head -1); do hog /sys/fs/cgroup/memory$(systemctl show -P ControlGroup $unit); done
    """,
    wide=True,
)
COMPONENT_KILLED = on_console(
    "component killed",
    f"{COMPONENTS} for unit in $(components | head -1); do systemctl kill --kill-who=main --signal=KILL $unit; done",
    wide=True,
)
COMPONENT_FROZEN = on_console(
    "component frozen",
    f"{COMPONENTS} for unit in $(components | head -1); do systemctl kill --signal=STOP $unit; done",
    f"{COMPONENTS} for unit in $(components); do systemctl kill --signal=CONT $unit; done",
    timeout=40,
    wide=True,
)
HANGING = on_console(
    "commands hang",
    r"""
    mkdir -p /run/fault
    printf '#!/bin/sh\nexec sleep 7200\n' >/run/fault/hang
    chmod 755 /run/fault/hang
    for path in /usr/bin/{systemctl,openssl} /usr/sbin/{ip,nft,sysctl,modprobe} \
        /opt/bareplane/bin/{kubeadm,kubectl,ctr,etcdctl}; do
        if [ -x $path ]; then mount --bind /run/fault/hang $(readlink -f $path); fi
    done
    """,
    "while read -r _ _ _ _ path _; do umount $path; done < <(grep ' /fault/hang ' /proc/self/mountinfo)\n"
    "pkill -f '^sleep 7200' || true",
    timeout=8,
)
API_REFUSED = on_console(
    "API server refuses", rules("input: tcp dport 6443 reject with tcp reset"), NO_RULES, timeout=40, wide=True
)
API_SILENT = on_console("API server silent", rules("input: tcp dport 6443 drop"), NO_RULES, timeout=40, wide=True)

HOLD = """
    mkdir -p /run/fault
    echo '{"owner": "other/run/1", "operation": "apply x", "pid": 1, "since": "now", "from": ""}' >/run/fault/words
    hold='exec 9>>/run/bareplane.lock; flock 9; cat /run/fault/words >/run/bareplane.lock; exec sleep SECONDS'
    setsid bash -c "$hold" >/dev/null 2>&1 &
    while flock --nonblock /run/bareplane.lock true; do sleep 0.05; done
"""
LOCKED = on_console(
    "lock held",
    HOLD.replace("SECONDS", "7201"),
    "pkill -f '^sleep 7201' || true; rm -f /run/bareplane.lock",
    timeout=8,
)
LOCKED_A_WHILE = on_console("lock held for three seconds", HOLD.replace("SECONDS", "3"))


def small_disk(name: str, directory: str, size: str) -> Mishap:
    """A disk with little room (an expression in bytes) laid over a directory; what is written to it stays."""
    place = f"/run/fault{directory}"
    arm = f"""
        mkdir -p {place}
        mount -t tmpfs -o size=$(({size})) kit_fault {place}
        mkdir {place}/upper {place}/work
        mount -t overlay kit_fault {directory} -o lowerdir={directory},upperdir={place}/upper,workdir={place}/work
        if [ $(({size})) = 4096 ]; then
            head -c 4096 /dev/zero >{place}/filling
            test $(df --output=avail -B1 {directory} | tail -1) = 0
        fi
    """
    lift = f"""
        if mountpoint -q {directory}; then
            umount --lazy {directory}
            python3 -I -c {shlex.quote(OVERLAY)} {place}/upper {directory}
            umount --lazy {place}
        fi
    """
    return Mishap(name, script(arm), script(lift))


ONE_PAGE = "4096"
ETC_FULL = small_disk("disk of /etc full", "/etc", ONE_PAGE)
ETC_FILLS = small_disk("disk of /etc fills up", "/etc", "4096 * (2 + share % 12)")
OPT_FULL = small_disk("disk of /opt full", "/opt", ONE_PAGE)
OPT_FILLS = small_disk("disk of /opt fills up", "/opt", "8192 + share * 131072")
VAR_FULL = on_console(
    "disk of /var/lib full",
    "fallocate -l $(df --output=avail -B1 /var/lib | tail -1) /var/lib/apt/filling || true\n"
    "cat /dev/zero >/var/lib/apt/filling-too 2>/dev/null || true\n"
    "test $(df --output=avail -B1 /var/lib | tail -1) = 0",
    "rm -f /var/lib/apt/filling /var/lib/apt/filling-too",
    wide=True,
)
RUN_FULL = on_console(
    "/run full",
    "mount -o remount,size=$(df --output=used -B1 /run | tail -1) /run",
    # To the page what it has when nothing is said: half the memory.
    "mount -o remount,size=$(($(awk '/^MemTotal/ {print $2}' /proc/meminfo) / 8 * 4))k /run",
)


def read_only(*directories: str) -> Mishap:
    # Private: what is unmounted with it later is not unmounted in the original too.
    arm = "".join(
        f"mount --rbind {one} {one}; mount --make-rprivate {one}; mount -o remount,ro,bind {one}; test ! -w {one}\n"
        for one in directories
    )
    lift = "".join(
        f"if grep -q ' {one} ro,' /proc/self/mountinfo; then umount --lazy {one}; fi\n" for one in directories
    )
    return on_console(f"{' and '.join(directories)} read-only", arm, lift, wide="/var/lib" in directories)


def server_clock(name: str, seconds: int) -> Mishap:
    """Of every program started from now on that asks the C library for the time: python3, openssl, date; not Go's."""

    def arm(scene: Scene) -> None:
        scene.console.give(scene.clock, "/run/fault/clock.so")
        # This shell runs by the true clock.
        scene.console.run(
            f"echo {seconds} >/run/fault/clock; echo /run/fault/clock.so >/etc/ld.so.preload\n"
            f"apart=$(($(date +%s) - EPOCHSECONDS - ({seconds}))); test ${{apart#-}} -lt 5"
        )

    return Mishap(name, arm, script("rm -f /etc/ld.so.preload"))


def own_clock(name: str, seconds: int) -> Mishap:
    """Of the computer that the plugin runs on: of the plugin, that is, which is started anew."""

    def arm(scene: Scene) -> None:
        scene.driver.end(signal.SIGTERM)
        scene.driver.command = ("env", f"LD_PRELOAD={scene.clock}", f"BAREPLANE_CLOCK={seconds}", *PLUGIN)

    def lift(scene: Scene) -> None:
        scene.driver.end(signal.SIGTERM)
        scene.driver.command = PLUGIN

    return Mishap(name, arm, lift)


DAY, HOUR = 86400, 3600
SERVER_AHEAD = server_clock("server's clock a day ahead", DAY)
SERVER_BEHIND = server_clock("server's clock an hour behind", -HOUR)
OWN_AHEAD = own_clock("own clock a day ahead", DAY)
OWN_BEHIND = own_clock("own clock an hour behind", -HOUR)
