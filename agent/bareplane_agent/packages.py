"""The machine's package system: apt, or dnf."""

from __future__ import annotations

import re
from typing import Sequence

from .errors import CommandError, MissingError
from .files import read_text
from .host import Host

# apt removes what is named with a dash at the end.
NAME = r"[A-Za-z0-9]([A-Za-z0-9+._-]*[A-Za-z0-9+])?"
QUIET = {"DEBIAN_FRONTEND": "noninteractive"}
STATUS = "/var/lib/dpkg/status"
TIMEOUT = 900


def installed(host: Host, names: Sequence[str]) -> set[str]:
    """Which of these are installed; apt's are read without running anything."""
    if read_text(host.path(STATUS)):
        return {name for name, _ in debian(host)}.intersection(names)
    if host.find("rpm") is None:
        return set()
    return {name for name in names if host.run(["rpm", "-q", "--quiet", name]).code == 0}


def debian(host: Host) -> list[tuple[str, str]]:
    """(name, version) of every package dpkg has installed, sorted."""
    found: list[tuple[str, str]] = []
    for block in read_text(host.path(STATUS)).split("\n\n"):
        fields = dict(re.findall(r"(?m)^(Package|Status|Version): (.*)$", block))
        if fields.get("Status", "").endswith(" installed"):
            found.append((fields["Package"], fields.get("Version", "")))
    return sorted(found)


def would_add(name: str, host: Host) -> list[str]:
    """What installing a package would bring, itself included."""
    if host.find("apt-get") is None:
        _need_dnf(name, host)
        return [name]
    done = host.run(["apt-get", "--simulate", "--no-install-recommends", "install", name], environment=QUIET)
    if done.code != 0:
        # The lists may be missing or old; fetching them is what apt itself would ask for.
        host.run(["apt-get", "--quiet", "update"], timeout=TIMEOUT, environment=QUIET)
        done = host.run(["apt-get", "--simulate", "--no-install-recommends", "install", name], environment=QUIET)
    if done.code != 0:
        raise CommandError(f"installing {name}: apt-get cannot: {done.last_lines()}", f"package {name}")
    # An upgrade of something that is there has its old version in brackets before the new one in parentheses.
    found = set(re.findall(r"(?m)^Inst (\S+) \(", done.out))
    if name not in found:
        # A name that apt does not know it takes for a pattern, or for what others provide.
        raise CommandError(f"installing {name}: apt-get knows no package of that name", f"package {name}")
    return sorted(found)


def install(names: Sequence[str], host: Host) -> None:
    if host.find("apt-get") is None:
        _need_dnf(names[0], host)
        host.must(["dnf", "--assumeyes", "--quiet", "install", *names], timeout=TIMEOUT)
        return
    argv = ["apt-get", "--yes", "--quiet", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=60", "install", *names]
    host.must(argv, timeout=TIMEOUT, environment=QUIET)


def would_remove_too(names: Sequence[str], host: Host) -> set[str]:
    """What else would have to go with these."""
    if host.find("apt-get") is None:
        return set()
    done = host.run(["apt-get", "--simulate", "purge", *names], environment=QUIET)
    return set(re.findall(r"(?m)^(?:Remv|Purg) (\S+)", done.out)) - set(names)


def purge(names: Sequence[str], host: Host) -> None:
    if host.find("apt-get") is None:
        host.must(["dnf", "--assumeyes", "--quiet", "remove", *names], timeout=TIMEOUT)
        return
    host.must(
        ["apt-get", "--yes", "--quiet", "-o", "DPkg::Lock::Timeout=60", "purge", *names],
        timeout=TIMEOUT,
        environment=QUIET,
    )


def _need_dnf(name: str, host: Host) -> None:
    if host.find("dnf") is None:
        raise MissingError(f"installing {name}: this machine has neither apt-get nor dnf", f"package {name}")
