"""The Docker engine: the one that answers, or a dockerd of the lab's own."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path

from bareplane_lab.cache import cache_root, locked, try_locked
from bareplane_lab.commands import require, run
from bareplane_lab.errors import CommandFailed, EngineError
from bareplane_lab.progress import Progress

START_TIMEOUT = 60.0
STOP_TIMEOUT = 30.0


def home() -> Path:
    return cache_root() / "engine"


def use_lock() -> Path:
    """Held shared while a lab is being changed, so that no other lab's `down` stops the engine meanwhile."""
    return home() / "use.lock"


def answers() -> bool:
    try:
        run(["docker", "version", "--format", "{{.Server.Version}}"], "asking for the Docker engine", timeout=20)
    except CommandFailed:
        return False
    return True


def ensure(progress: Progress) -> None:
    """Returns once an engine answers; starts one where none does."""
    require("docker")
    if answers():
        return
    with locked(home() / "start.lock"):
        if not answers():
            _start(progress)


def stop_if_idle(progress: Progress) -> None:
    """Stops the dockerd this tool started, unless any container is left or another lab is being changed."""
    pid = own_daemon()
    if pid is None:
        return
    with try_locked(use_lock()) as free:
        if not free:
            progress.say("Docker engine left running: another lab is using it")
            return
        if answers() and run(["docker", "ps", "--all", "--quiet"], "listing all containers").strip():
            progress.say("Docker engine left running: other containers remain")
            return
        with progress.step("stopping the Docker engine"):
            _stop(pid)


def _pid_file() -> Path:
    """Written by dockerd itself, so that no moment exists in which ours runs unknown."""
    return home() / "dockerd.pid"


def _log() -> Path:
    return home() / "dockerd.log"


def _start(progress: Progress) -> None:
    host = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")
    if not host.startswith("unix://"):
        raise EngineError(f"the Docker engine at {host} (DOCKER_HOST) does not answer; start it, or unset DOCKER_HOST")
    if os.geteuid() != 0:
        raise EngineError(
            f"no Docker engine answers at {host} and only root can start one; "
            "start Docker, join the group `docker`, or run this as root"
        )
    require("dockerd")
    home().mkdir(parents=True, exist_ok=True)
    with progress.step("starting the Docker engine"), _log().open("ab") as log:
        process = subprocess.Popen(
            [
                "dockerd",
                f"--host={host}",
                f"--data-root={home() / 'data'}",
                f"--pidfile={_pid_file()}",
                # Labs have networks of their own; the default bridge would only be one more thing left on this machine.
                "--bridge=none",
            ],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        limit = time.monotonic() + START_TIMEOUT
        while not answers():
            if process.poll() is not None or time.monotonic() > limit:
                tail = _log().read_text(errors="replace")[-2000:]
                raise EngineError(
                    f"starting dockerd: it does not answer at {host}; its log {_log()} ends with:\n{tail}"
                )
            time.sleep(0.1)


def _stop(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
    limit = time.monotonic() + STOP_TIMEOUT
    while own_daemon() is not None:
        if time.monotonic() > limit:
            raise EngineError(f"stopping dockerd (pid {pid}): still there after {STOP_TIMEOUT:.0f} s; see {_log()}")
        time.sleep(0.05)


def own_daemon() -> int | None:
    """The pid of the dockerd the lab started, if it lives; a later process of the same pid is not taken for it."""
    try:
        pid = int(_pid_file().read_text())
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return None
    except ValueError as error:
        raise EngineError(f"{_pid_file()} is damaged; stop dockerd by hand and remove that file") from error
    return pid if f"--pidfile={_pid_file()}".encode() in command else None
