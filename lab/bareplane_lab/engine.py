"""The Docker engine: the one that answers, or a dockerd of the lab's own."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from bareplane_lab.cache import cache_root, locked, try_locked
from bareplane_lab.commands import require, run
from bareplane_lab.errors import CommandFailed, EngineError
from bareplane_lab.progress import Progress

START_TIMEOUT = 60.0
STOP_TIMEOUT = 30.0


@dataclass(frozen=True)
class Daemon:
    """The dockerd the lab started; `started` (clock ticks since boot) tells it from a later process of the same pid."""

    pid: int
    started: int


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
    daemon = _recorded()
    if daemon is None:
        return
    with try_locked(use_lock()) as free:
        if not free:
            progress.say("Docker engine left running: another lab is using it")
            return
        if answers() and run(["docker", "ps", "--all", "--quiet"], "listing all containers").strip():
            progress.say("Docker engine left running: other containers remain")
            return
        with progress.step("stopping the Docker engine"):
            _stop(daemon)


def _record() -> Path:
    return home() / "dockerd.json"


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
                f"--pidfile={home() / 'dockerd.pid'}",
                # Labs have networks of their own; the default bridge would only be one more thing left on this machine.
                "--bridge=none",
            ],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        started = _start_ticks(process.pid)
        if started is not None:
            _record().write_text(json.dumps({"pid": process.pid, "started": started}))
        limit = time.monotonic() + START_TIMEOUT
        while not answers():
            if process.poll() is not None or time.monotonic() > limit:
                tail = _log().read_text(errors="replace")[-2000:]
                raise EngineError(f"starting dockerd: it does not answer at {host}; its log {_log()} ends with:\n{tail}")
            time.sleep(0.1)


def _stop(daemon: Daemon) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(daemon.pid, signal.SIGTERM)
    limit = time.monotonic() + STOP_TIMEOUT
    while _start_ticks(daemon.pid) == daemon.started:
        if time.monotonic() > limit:
            raise EngineError(
                f"stopping dockerd (pid {daemon.pid}): still there after {STOP_TIMEOUT:.0f} s; see {_log()}"
            )
        time.sleep(0.05)
    _record().unlink(missing_ok=True)


def _recorded() -> Daemon | None:
    """The daemon of the record, if that very process is still alive."""
    try:
        content = json.loads(_record().read_text())
        daemon = Daemon(int(content["pid"]), int(content["started"]))
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise EngineError(f"{_record()} is damaged ({error}); stop dockerd by hand and remove that file") from error
    return daemon if _start_ticks(daemon.pid) == daemon.started else None


def _start_ticks(pid: int) -> int | None:
    """Start time of a living process; none for one that is gone or only waits to be reaped."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] == "Z" else int(fields[19])
