"""One run of the script, with its marks read as they come."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from bench.effort import reading
from bench.result import Part, Result
from bench.servers import Servers

SCRIPT = Path(__file__).with_name("kubeadm.sh")
Mark = tuple[float, str]


def measure(bundle: Path, servers: Servers, version: str) -> Result:
    """Seconds from the script's start to its end, which is where all nodes are Ready and all is rolled out."""
    argv = [str(SCRIPT), str(servers.directory), str(bundle), *servers.addresses.values()]
    effort = reading(servers)
    began, started = time.monotonic(), time.time()
    done = subprocess.run(
        argv, check=True, stdout=subprocess.PIPE, text=True, env={**os.environ, "KUBERNETES_VERSION": version}
    )
    total = time.monotonic() - began
    computed = effort.since()
    marks = [(float(when) - started, what) for when, what in (line.split(" ", 1) for line in done.stdout.splitlines())]
    shown = [f"{when:6.1f}        {what}" for when, what in marks]
    return Result("script", total, computed, parts(marks, total), shown)


def parts(marks: Sequence[Mark], total: float) -> dict[Part, float]:
    """Until the control plane runs `kubeadm init`, things are moved and unpacked; from then on, components start."""
    moved = next(when for when, what in marks if what == "kubeadm init")
    return {"engine": 0.0, "SSH and transfer": moved, "components": total - moved}
