"""The lab of one test run; its servers are asked over OpenSSH and by the agent."""

from __future__ import annotations

import fcntl
import json
import os
import select
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, TypeVar

import yaml

from bareplane_agent.inventory.difference import difference
from bareplane_lab.cache import cache_root
from bareplane_provider.transport.package import LOADER, agent_package

ROOT = Path(__file__).resolve().parents[2]
T = TypeVar("T")
DOCKER_RESOLVER = " 0B00007F "
"""127.0.0.11 as the kernel writes it."""
Inventory = Mapping[str, Any]
ANSWERS_WITHIN = 15
"""Seconds that a held session may take for a word."""
RUNTIME = "/var/lib/containerd/io.containerd."
WRITTEN_BY_THE_CLUSTER = (
    "/var/lib/private/etcd",
    # The kubelet removes pods that ended whenever it gets to it; what images consist of is not among these.
    f"{RUNTIME}grpc.v1.cri",
    f"{RUNTIME}metadata.v1.bolt",
    f"{RUNTIME}snapshotter.v1.overlayfs",
)


class Lab:
    """Servers of the run's own, by the lab's command line as a user has it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.inventory_file = directory / "inventory.yaml"

    def call(self, action: str, *arguments: str) -> None:
        done = subprocess.run(
            [sys.executable, "-m", "bareplane_lab", action, "--directory", str(self.directory), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=900,
            env={**os.environ, "PYTHONPATH": str(ROOT / "lab")},
        )
        assert done.returncode == 0, f"lab {action} {arguments}: {done.stdout}"

    def entries(self) -> list[dict[str, Any]]:
        return yaml.safe_load(self.inventory_file.read_text())["servers"]

    @property
    def names(self) -> list[str]:
        return [one["name"] for one in self.entries()]

    def address(self, server: str) -> str:
        return next(one["address"] for one in self.entries() if one["name"] == server)

    def ssh(self, server: str, command: str) -> list[str]:
        options = {
            "IdentityFile": str(self.directory / "id_ed25519"),
            "UserKnownHostsFile": str(self.directory / "known_hosts"),
            "StrictHostKeyChecking": "yes",
            "LogLevel": "ERROR",
        }
        pairs = [f"-o{name}={value}" for name, value in options.items()]
        return ["ssh", "-F", "none", *pairs, f"root@{self.address(server)}", command]

    def on(self, server: str, script: str) -> str:
        """Output of a shell script run on a server; fails at the script's first error."""
        done = subprocess.run(
            self.ssh(server, "bash -eu -s"), input=script, capture_output=True, text=True, check=False, timeout=300
        )
        assert done.returncode == 0, f"{server}: {script}: {done.stdout}{done.stderr}"
        return done.stdout.strip()

    def ask_agent(self, server: str, request: Mapping[str, Any]) -> dict[str, Any]:
        """The agent's last word on a request."""
        command = f"python3 -I -S -c {shlex.quote(LOADER)}"
        line = json.dumps(request).encode() + b"\n"
        done = subprocess.run(
            self.ssh(server, command), input=agent_package() + line, capture_output=True, check=False, timeout=300
        )
        assert done.stdout, f"{server}: the agent said nothing: {done.stderr.decode()}"
        return json.loads(done.stdout.splitlines()[-1])

    def inventory(self, server: str) -> Inventory:
        found = self.ask_agent(server, {"operation": "inventory"})["inventory"]
        # Docker's own resolver inside a server takes new ports whenever that server is restarted.
        return {**found, "listeners": [one for one in found["listeners"] if DOCKER_RESOLVER not in one]}

    def inventories(self, servers: Iterable[str] | None = None) -> dict[str, Inventory]:
        return together(self.inventory, servers or self.names)


def together(asked: Callable[[str], T], servers: Iterable[str]) -> dict[str, T]:
    """An answer of each server, asked at the same time."""
    names = list(servers)
    with ThreadPoolExecutor(4) as pool:
        return dict(zip(names, pool.map(asked, names), strict=True))


def differences(before: Mapping[str, Inventory], after: Mapping[str, Inventory]) -> list[str]:
    """Everything that is not as it was, each line with its server's name."""
    return [f"{name} {line}" for name in after for line in difference(before[name], after[name])]


def without_the_clusters_own(lines: Iterable[str]) -> list[str]:
    """Differences that a running cluster does not make by itself."""
    return [line for line in lines if not any(f" {path}/" in line for path in WRITTEN_BY_THE_CLUSTER)]


def with_life_signs(argv: Sequence[str]) -> list[str]:
    """OpenSSH, ending when its server says nothing for 15 s."""
    return [argv[0], "-oServerAliveInterval=5", *argv[1:]]


class HeldSession:
    """An SSH session that somebody has open all the time."""

    def __init__(self, lab: Lab, server: str) -> None:
        self._process = subprocess.Popen(
            with_life_signs(lab.ssh(server, "cat")), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        assert self.answers("hello"), f"{server}: a session does not answer"

    def answers(self, word: str) -> bool:
        if self._process.poll() is not None:
            return False
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(f"{word}\n")
        self._process.stdin.flush()
        # One line a word: nothing waits in the stream's own buffer.
        if not select.select([self._process.stdout], [], [], ANSWERS_WITHIN)[0]:
            return False
        return self._process.stdout.readline().strip() == word

    def close(self) -> None:
        self._process.kill()
        self._process.wait()


@contextmanager
def started_lab(parent: Path, servers: int) -> Generator[Lab]:
    """A lab of the run's own; or the one that BAREPLANE_TEST_LAB names, which is left running."""
    given = os.environ.get("BAREPLANE_TEST_LAB")
    if given:
        yield Lab(Path(given))
        return
    with own_directory(parent) as directory:
        lab = Lab(directory)
        lab.call("up", "--servers", str(servers))
        yield lab


@contextmanager
def own_directory(parent: Path) -> Generator[Path]:
    """A directory for a run's lab. What runs that were killed left behind is removed first, and their labs with it.

    A run holds a lock on its record, so that a record without one belongs to nobody any more.
    """
    records = cache_root() / "e2e"
    records.mkdir(parents=True, exist_ok=True)
    for record in records.glob("*.lab"):
        try:
            file = record.open()
        except FileNotFoundError:
            continue  # a run beside this one ended
        with file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            left = Path(file.read().strip())
            if left.is_absolute():
                Lab(left).call("down")
                shutil.rmtree(left.parent, ignore_errors=True)
            # Its own run may have ended between the two: then it is gone already.
            record.unlink(missing_ok=True)
    directory = parent / "lab"
    with NamedTemporaryFile("w", dir=records, suffix=".new", delete=False) as file:
        unseen = Path(file.name)
        record = unseen.with_suffix(".lab")
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write(str(directory))
        file.flush()
        unseen.rename(record)
        try:
            yield directory
        finally:
            Lab(directory).call("down")
            record.unlink()
