"""The engine's own life, in network and mount namespaces where no other engine answers."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bareplane_lab import image, sources

from .conftest import LAB, Lab

SCRIPT = """
set -eu
mount -t tmpfs tmpfs /run
ip link set lo up
lab() { action=$1; shift; "$PYTHON" -m bareplane_lab "$action" "$@"; }
lab up --directory "$WORK/a" --servers 1
pid=$(cat "$BAREPLANE_CACHE/engine/dockerd.pid")
lab up --directory "$WORK/b" --servers 1
lab down --directory "$WORK/a"
runs() { grep -q pidfile "/proc/$pid/cmdline" 2>/dev/null; }
runs || { echo "stopped while another lab used it"; exit 1; }
lab ssh --directory "$WORK/b" server-1 -- hostname
lab down --directory "$WORK/b"
if runs; then echo "still runs"; exit 1; fi
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can start an engine")
def test_engine_starts_where_none_answers_and_stops_after_the_last_lab(lab: Lab, tmp_path: Path) -> None:
    assert lab.directory.exists()  # The fixture's `up` has made sure that the image is built.
    built = image.Image(image.recipe_key(sources.of_this_machine(), image.RECIPE)).tarball
    cache = tmp_path / "cache"
    (cache / "lab").mkdir(parents=True)
    (cache / "lab" / built.name).symlink_to(built)
    environment = {name: value for name, value in os.environ.items() if name != "DOCKER_HOST"}
    done = subprocess.run(
        ["unshare", "--net", "--mount", "sh", "-c", SCRIPT],
        env={
            **environment,
            "PYTHON": sys.executable,
            "PYTHONPATH": str(LAB),
            "BAREPLANE_CACHE": str(cache),
            "WORK": str(tmp_path),
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.strip() == "server-1"
    assert "stopping the Docker engine: done" in done.stderr
