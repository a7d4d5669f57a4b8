"""A real sshd on loopback, with keys and configuration of its own, run as an ordinary process."""

from __future__ import annotations

import contextlib
import getpass
import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

SSHD = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")


def keygen(path: Path, passphrase: str = "", kind: str = "ed25519") -> Path:
    command = ["ssh-keygen", "-q", "-t", kind, "-N", passphrase, "-C", "test", "-f", str(path)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    return path


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


class Server:
    """One sshd. `path` is put first on the PATH of what it runs; `only_path` is all of it."""

    def __init__(
        self,
        root: Path,
        name: str,
        user_key: Path,
        path: Path | None = None,
        only_path: Path | None = None,
        extra: str = "",
    ) -> None:
        self.root = root / name
        self.root.mkdir()
        self.name = name
        self.port = free_port()
        self.user_key = user_key
        self.log = self.root / "log"
        host = keygen(self.root / "host")
        self.host_key = host.with_suffix(".pub").read_text().strip()
        config = self.root / "sshd_config"
        lines = [
            f"Port {self.port}",
            "ListenAddress 127.0.0.1",
            f"HostKey {host}",
            f"AuthorizedKeysFile {user_key}.pub",
            f"PidFile {self.root}/pid",
            "StrictModes no",
            "UsePAM no",
            "PermitRootLogin yes",
            "LogLevel VERBOSE",
            extra,
            # Nobody's own .bashrc takes part: bash reads it when sshd starts it.
            f"SetEnv HOME={self.root} PATH={f'{path}:' if path else ''}{only_path or os.environ['PATH']}",
        ]
        config.write_text("\n".join(lines) + "\n")
        self.config = config
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> Server:
        assert SSHD
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # sshd's privilege separation directory
        # A session of its own, so that every process below it can be ended together.
        self.process = subprocess.Popen(
            [SSHD, "-D", "-f", str(self.config), "-E", str(self.log)], start_new_session=True
        )
        for _ in range(100):
            with socket.socket() as sock:
                if sock.connect_ex(("127.0.0.1", self.port)) == 0:
                    return self
            time.sleep(0.05)
        raise AssertionError(self.log.read_text())

    def stop(self) -> None:
        self.cut()
        if self.process:
            self.process.terminate()
            self.process.wait()
            self.process = None

    def children(self) -> list[int]:
        """The sshd processes that serve sessions."""
        assert self.process
        found: list[int] = []
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                after = stat.read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(after[1]) == self.process.pid:
                found.append(int(stat.parent.name))
        return found

    def running(self, program: str) -> int:
        """How many processes of that name its sessions run."""
        assert self.process
        parents: dict[int, int] = {}
        named: list[int] = []
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                before, _, after = stat.read_text().rpartition(")")
            except OSError:
                continue
            pid = int(stat.parent.name)
            parents[pid] = int(after.split()[1])
            if before.partition("(")[2] == program:
                named.append(pid)

        def below(pid: int) -> bool:
            while pid in parents and pid != self.process_id:
                pid = parents[pid]
            return pid == self.process_id

        return sum(map(below, named))

    @property
    def process_id(self) -> int:
        assert self.process
        return self.process.pid

    def cut(self) -> None:
        """Kill the sessions, leaving the server."""
        if self.process:
            for pid in self.children():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

    def said(self) -> str:
        return self.log.read_text() if self.log.exists() else ""

    def connection(self, **changes: Any) -> dict[str, Any]:
        """What a user would write to reach it."""
        given: dict[str, Any] = {
            "name": self.name,
            "address": "127.0.0.1",
            "port": self.port,
            "user": getpass.getuser(),
            "hostKey": self.host_key,
            "identityFile": str(self.user_key),
            "sudo": False,
            "connectWait": 5,
        }
        return {**given, **changes}
