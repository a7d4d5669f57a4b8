"""systemd's units, packages, accounts and processes."""

from __future__ import annotations

import os
import re

from ..files import read_text
from ..host import Host
from ..packages import debian
from ..processes import Process, descendants, running

# Units that come and go with SSH sessions.
SESSION_UNIT = re.compile(
    r"session-.*\.scope|user-.*\.slice|user\.slice|user@.*|user-runtime-dir@.*|run-user-.*|ssh@.*"
)


def units(host: Host) -> dict[str, str]:
    """Every unit file's state, and the state of every unit that is not at rest."""
    if not os.path.isdir("/run/systemd/system"):
        return {}
    found: dict[str, str] = {}
    listed = host.run(["systemctl", "list-unit-files", "--no-legend", "--plain", "--no-pager"]).out
    for line in listed.splitlines():
        words = line.split()
        if len(words) > 1:
            found[f"file {words[0]}"] = words[1]
    loaded = host.run(["systemctl", "list-units", "--all", "--no-legend", "--plain", "--no-pager"]).out
    for line in loaded.splitlines():
        words = line.split()
        # Units at rest are in systemd's memory or not as it pleases.
        if len(words) > 3 and words[2] != "inactive" and not SESSION_UNIT.fullmatch(words[0]):
            found[f"unit {words[0]}"] = f"{words[1]} {words[2]} {words[3]}"
    return dict(sorted(found.items()))


def installed(host: Host) -> dict[str, str]:
    """Packages by name."""
    if read_text(host.path("/var/lib/dpkg/status")):
        return dict(debian(host))
    if host.find("rpm") is None:
        return {}
    lines = host.run(["rpm", "-qa", "--queryformat", "%{NAME} %{EVR}\\n"]).out.splitlines()
    return dict(sorted((line.split(" ", 1)[0], line.split(" ", 1)[1]) for line in lines))


def accounts(host: Host) -> list[str]:
    """Users and groups, without passwords."""
    found: list[str] = []
    for name in ("passwd", "group"):
        for line in read_text(host.path(f"/etc/{name}")).splitlines():
            words = line.split(":")
            found.append(f"{name} {':'.join(words[:1] + words[2:])}")
    return sorted(found)


def processes() -> list[str]:
    """Program and arguments of each, but for SSH sessions and this process."""
    return sorted(" ".join([one.program, *one.arguments]) for one in without_sessions(running(), os.getpid()))


def without_sessions(all_of_them: list[Process], own: int) -> list[Process]:
    """Leaves out session processes of sshd with all below them, users' own systemd, and this process."""
    tops = {
        one.pid
        for one in all_of_them
        if one.pid == own
        or one.arguments[0].startswith("sshd: ")
        or os.path.basename(one.program) == "sshd-session"
        or (os.path.basename(one.program) == "systemd" and "--user" in one.arguments)
    }
    # The listener calls itself "sshd: /usr/sbin/sshd -D [listener] …", which is not a session.
    tops -= {one.pid for one in all_of_them if "[listener]" in " ".join(one.arguments)}
    left_out = tops | {one.pid for one in descendants(tops, all_of_them)}
    return [one for one in all_of_them if one.pid not in left_out and one.arguments[0] != "(sd-pam)"]
