"""A lab server's console and power button: they work when its network, its sshd or its disk do not."""

from __future__ import annotations

import contextlib
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from bareplane_lab import containers, place, readiness
from tests.provider.conformance.servers import Server

Moment = Literal["begun", "amid", "done"]
WATCH = (Path(__file__).parent / "watch.py").read_text()
DISK = Path(__file__).parent / "own_disk.sh"


class Watcher:
    """A process on the server that waits for a moment of the agent's work and holds the agent there."""

    def __init__(self, container: str, moment: Moment, seconds: float) -> None:
        self._process = subprocess.Popen(
            ["docker", "exec", "-i", container, "python3", "-I", "-c", WATCH, moment, str(seconds)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )
        assert self._hear() == "ready", f"{container}: the watcher does not start"

    def start(self) -> None:
        self._say("start")

    def fired(self) -> str:
        """Blocks until the moment has come; `between steps`, or else `by time` or `when it was over`."""
        return self._hear()

    def over(self) -> None:
        """What was waited for will not come any more."""
        self._say("over")

    def go(self) -> None:
        """Let go of the agent."""
        self._say("go")

    def close(self) -> None:
        with contextlib.suppress(BrokenPipeError), self._process:
            # The end of its input lets go of the agent too. A server that was stopped has ended it already.
            return

    def _say(self, word: str) -> None:
        assert self._process.stdin
        try:
            print(word, file=self._process.stdin, flush=True)
        except BrokenPipeError:
            # The server has been stopped, and the watcher with it.
            return

    def _hear(self) -> str:
        assert self._process.stdout
        return self._process.stdout.readline().strip()


@dataclass(frozen=True)
class Console:
    server: Server

    @property
    def _place(self) -> place.Place:
        return place.at(self.server.lab.directory)

    @property
    def container(self) -> str:
        return self._place.container(self.server.name)

    def run(self, script: str, *, check: bool = True) -> str:
        """Output of a shell script run as root; AssertionError at its first failing command."""
        argv = ["docker", "exec", "-i", self.container, "bash", "-eu", "-s"]
        done = subprocess.run(argv, input=script, capture_output=True, text=True, check=False, timeout=120)
        assert not check or done.returncode == 0, f"{self.server.name}: {script}: {done.stdout}{done.stderr}"
        return done.stdout.strip()

    def give(self, file: Path, path: str) -> None:
        subprocess.run(
            ["docker", "exec", "-i", self.container, "sh", "-c", f"mkdir -p $(dirname {path}) && cat >{path}"],
            input=file.read_bytes(),
            check=True,
            timeout=60,
        )

    def watch(self, moment: Moment, seconds: float) -> Watcher:
        return Watcher(self.container, moment, seconds)

    def own_disk(self) -> None:
        """Put /var/lib on a disk of the server's own, which can be full without this computer's being so."""
        self.run(DISK.read_text())
        self.restart()

    def restart(self) -> None:
        """An orderly reboot."""
        containers.restart(self._place, self.server.name)
        self.settle()

    def power_cycle(self) -> None:
        """Power off and on: nothing on it is asked to end."""
        subprocess.run(["docker", "kill", self.container], check=True, capture_output=True, timeout=60)
        containers.start(self._place, self.server.name)
        self.settle()

    def settle(self) -> None:
        """Wait until sshd answers and systemd has no more jobs."""
        self.server.close()
        readiness.wait(self._place, self.server.name, self.server.address)
