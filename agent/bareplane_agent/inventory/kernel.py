"""Mounts, control groups and kernel parameters."""

from __future__ import annotations

import os
import re
from typing import Iterator

from ..files import read_text
from ..residues.cgroups import hierarchies

# Session scopes and their slice come and go with every SSH session; so does the session's runtime directory.
SESSION = re.compile(r"/user\.slice(/|$)")
# Counters, random values and measurements, not settings.
READINGS = re.compile(
    r"fs/(dentry-state|file-nr|inode-nr|inode-state|aio-nr|quota/.*|overflow.*|nr_.*)"
    r"|kernel/(random/.*|ns_last_pid|pty/nr|perf_event_max_sample_rate|sched_domain/.*|tainted|bootloader_.*|seccomp/.*)"
    r"|kernel/(max_lock_depth|cad_pid|hostname|spl/.*)"
    r"|net/netfilter/nf_conntrack_count|net/.*/stable_secret|vm/stat_refresh|kernel/sched_.*cost_ns"
)


def mounts() -> list[str]:
    """`place type root source options` of each."""
    found: list[str] = []
    for line in read_text("/proc/self/mountinfo").splitlines():
        left, _, right = line.partition(" - ")
        words, rest = left.split(" "), right.split(" ")
        if not words[4].startswith("/run/user"):
            found.append(f"{words[4]} {rest[0]} {words[3]} {rest[1]} {words[5]} {_settings(rest[2])}")
    return sorted(found)


def _settings(options: str) -> str:
    """Without what a kernel numbers itself, such as the pid of the process behind an automount."""
    return ",".join(word for word in options.split(",") if not word.startswith(("fd=", "pgrp=", "pipe_ino=")))


def cgroups() -> list[str]:
    found: list[str] = []
    for root in hierarchies():
        for folder, _, _ in os.walk(root):
            if not SESSION.search(folder):
                found.append(folder)
    return sorted(found)


def sysctls() -> dict[str, str]:
    """By name with slashes, since interfaces' names hold dots."""
    return dict(sorted(_read_sysctls()))


def _read_sysctls() -> Iterator[tuple[str, str]]:
    for folder, _, names in os.walk("/proc/sys"):
        for name in names:
            path = os.path.join(folder, name)
            key = path[len("/proc/sys/") :]
            if READINGS.fullmatch(key):
                continue
            try:
                yield key, " ".join(read_text(path).split())
            except OSError:
                # Write-only parameters, and those this container may not see.
                continue
