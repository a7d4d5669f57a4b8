"""When a server can be used: its sshd answers with the pinned key, and systemd has finished starting."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Sequence

from bareplane_lab.commands import run
from bareplane_lab.errors import ServerError
from bareplane_lab.place import Place

TIMEOUT = 120.0
POLL = 0.05


def ssh_command(place: Place, address: str, user: str = "root") -> Sequence[str]:
    """An ssh command line that trusts only the lab's own host keys."""
    options = {
        "IdentityFile": str(place.client_key),
        "IdentitiesOnly": "yes",
        "UserKnownHostsFile": str(place.known_hosts),
        "GlobalKnownHostsFile": "/dev/null",
        "StrictHostKeyChecking": "yes",
        "HostKeyAlgorithms": "ssh-ed25519",
        "LogLevel": "ERROR",
    }
    return ("ssh", "-F", "none", *(f"-o{key}={value}" for key, value in options.items()), f"{user}@{address}")


def wait(place: Place, server: str, address: str) -> str:
    """systemd's state once it has settled: `running`, or `degraded` with the units that failed."""
    limit = time.monotonic() + TIMEOUT
    _wait_for_banner(place, server, address, limit)
    state = ""
    while time.monotonic() < limit:
        asked = _ask(place, address, "systemctl is-system-running --wait", limit)
        state = asked.stdout.strip()
        if state == "running":
            return state
        if state == "degraded":
            failed = _ask(place, address, "systemctl --failed --plain --no-legend", limit).stdout
            return "degraded: " + ", ".join(line.split()[0] for line in failed.splitlines() if line.split())
        state = state or asked.stderr.strip()
        time.sleep(POLL)
    raise ServerError(
        f"waiting for {server} ({address}): not ready after {TIMEOUT:.0f} s, last answer: {state or 'none'}; "
        f"look at: docker exec {place.container(server)} journalctl -b"
    )


def _wait_for_banner(place: Place, server: str, address: str, limit: float) -> None:
    reason, look = "none tried", time.monotonic() + 1
    while time.monotonic() < limit:
        try:
            with socket.create_connection((address, 22), timeout=2) as connection:
                connection.settimeout(5)
                if connection.recv(4) == b"SSH-":
                    return
                reason = "something else than sshd answered"
        except OSError as error:
            reason = str(error)
        if time.monotonic() > look:
            _refuse_exited(place, server)
            look = time.monotonic() + 1
        time.sleep(POLL)
    raise ServerError(f"waiting for sshd on {server} ({address}:22): no answer within {TIMEOUT:.0f} s: {reason}")


def _refuse_exited(place: Place, server: str) -> None:
    """Waiting makes no sense once the container has ended; its output says why it did."""
    name = place.container(server)
    state = run(["docker", "inspect", "--format", "{{.State.Status}}", name], f"looking at {server}").strip()
    if state in ("exited", "dead"):
        logs = run(["docker", "logs", "--tail", "20", name], f"reading the output of {server}", merge=True)
        raise ServerError(f"starting {server}: its container has ended; it said: {logs.strip() or 'nothing'}")


def _ask(place: Place, address: str, command: str, limit: float) -> subprocess.CompletedProcess[str]:
    argv = [*ssh_command(place, address), command]
    left = max(1.0, limit - time.monotonic())
    try:
        return subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=left)
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(argv, 255, "", f"no answer to `{command}` within {left:.0f} s")
