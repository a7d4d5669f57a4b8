"""Limits of this computer's kernel that servers share, because one kernel runs them all."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from bareplane_lab.commands import run
from bareplane_lab.errors import CommandFailed
from bareplane_lab.progress import Progress

INOTIFY = Path("/proc/sys/fs/inotify")
# One server with systemd, a kubelet, containerd and pods uses some 40 instances; the default is 128 for all of root.
LEAST = {"max_user_instances": 8192, "max_user_watches": 524288}


def raise_limits(progress: Progress, directory: Path = INOTIFY) -> None:
    """Raises inotify's limits where they are lower than several servers need; never lowers one."""
    for name, least in LEAST.items():
        file = directory / name
        current = int(file.read_text())
        if current >= least:
            continue
        if os.access(file, os.W_OK):
            file.write_text(f"{least}\n")
            progress.say(f"fs.inotify.{name}: raised from {current} to {least} on this computer, servers share it")
        else:
            wish = f"sysctl -w fs.inotify.{name}={least}"
            progress.say(f"fs.inotify.{name} is {current}, too low for many servers; as root: {wish}")


def load_bridge_filter(progress: Progress) -> None:
    """br_netfilter, which no use of it loads: a server without SYS_MODULE cannot."""
    if Path("/proc/sys/net/bridge").exists() or os.geteuid() != 0 or shutil.which("modprobe") is None:
        return
    try:
        run(["modprobe", "br_netfilter"], "loading the kernel module br_netfilter")
    except CommandFailed as error:
        progress.say(f"pods may not reach Services: {error}")
