"""Settings of this computer's kernel that servers share, because one kernel runs them all."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from bareplane_lab.commands import run
from bareplane_lab.errors import CommandFailed
from bareplane_lab.progress import Progress

SYSCTLS = Path("/proc/sys")
# One server with systemd, a kubelet, containerd and pods uses some 40 inotify instances; root has 128 by default.
LEAST = {"fs/inotify/max_user_instances": 8192, "fs/inotify/max_user_watches": 524288}
# Every kubelet insists on these values, and a server that shares its kernel cannot set them.
EXACTLY = {
    "kernel/panic": 10,
    "kernel/panic_on_oops": 1,
    "vm/overcommit_memory": 1,
    "vm/panic_on_oom": 0,
    "kernel/keys/root_maxkeys": 1000000,
    "kernel/keys/root_maxbytes": 25000000,
}


def set_limits(progress: Progress, directory: Path = SYSCTLS) -> None:
    """Raises inotify's limits where they are too low, and sets what kubelets insist on; each change is told."""
    for name, value in {**LEAST, **EXACTLY}.items():
        file = directory / name
        current = int(file.read_text())
        if current == value or (name in LEAST and current > value):
            continue
        key = name.replace("/", ".")
        if os.access(file, os.W_OK):
            file.write_text(f"{value}\n")
            progress.say(f"{key}: {current} is now {value} on this computer, whose kernel the servers share")
        else:
            progress.say(f"{key} is {current}, servers need {value}; as root: sysctl -w {key}={value}")


def load_bridge_filter(progress: Progress) -> None:
    """br_netfilter, which no use of it loads: a server without SYS_MODULE cannot."""
    if Path("/proc/sys/net/bridge").exists() or os.geteuid() != 0 or shutil.which("modprobe") is None:
        return
    try:
        run(["modprobe", "br_netfilter"], "loading the kernel module br_netfilter")
    except CommandFailed as error:
        progress.say(f"pods may not reach Services: {error}")
