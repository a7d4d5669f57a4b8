"""The machine as the agent touches it: paths below a root, and programs run by argv."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import time
from dataclasses import dataclass, field
from typing import IO, Mapping, Sequence

from .errors import CommandError, DeadlineError, MissingError

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
LAST_LINES = 15


@dataclass(frozen=True)
class Finished:
    """A program that ended: its exit code (negative: the signal) and what it wrote."""

    code: int
    out: str
    err: str

    def last_lines(self) -> str:
        """The end of what it wrote, for an error message."""
        lines = [line for line in (self.out + "\n" + self.err).splitlines() if line.strip()]
        return "\n".join(lines[-LAST_LINES:])


@dataclass
class Host:
    """Paths and programs of the machine; `root` is another directory in tests only."""

    root: str = ""
    ends_at: float = field(default_factory=lambda: time.monotonic() + 600)

    def path(self, path: str) -> str:
        """Where an absolute path of an item really is."""
        return self.root + path

    def remaining(self) -> float:
        """Seconds left until the request's deadline."""
        return self.ends_at - time.monotonic()

    def check_deadline(self, doing: str) -> None:
        if self.remaining() <= 0:
            raise DeadlineError(f"{doing}: the request's deadline has passed; run it again with a longer one")

    def find(self, program: str) -> str | None:
        """The absolute path of a program, or None."""
        if "/" in program:
            return program if os.access(program, os.X_OK) else None
        for folder in PATH.split(":"):
            candidate = os.path.join(folder, program)
            if os.access(candidate, os.X_OK):
                return candidate
        return None

    def run(
        self,
        argv: Sequence[str],
        *,
        timeout: float = 120,
        environment: Mapping[str, str] | None = None,
        stdin: bytes | None = None,
    ) -> Finished:
        """Run a program to its end; raises when it cannot be started or outlives its time, not when it fails."""
        program = self.find(argv[0])
        if program is None:
            raise MissingError(f"running {argv[0]}: there is no such program on this machine")
        seconds = min(timeout, self.remaining())
        if seconds <= 0:
            raise DeadlineError(f"running {argv[0]}: the request's deadline has passed; run it again with a longer one")
        # Output goes to memory files, not pipes: a daemon left behind by the program cannot hold a pipe open for ever.
        with _memory("out") as out, _memory("err") as err, _memory("in") as given:
            given.write(stdin or b"")
            given.seek(0)
            process = subprocess.Popen(
                [program, *argv[1:]],
                stdin=given,
                stdout=out,
                stderr=err,
                env={"PATH": PATH, "LC_ALL": "C", "HOME": "/root", **(environment or {})},
                start_new_session=True,
                cwd="/",
            )
            if not _ended(process, seconds):
                _kill_group(process)
                said = Finished(-9, _text(out), _text(err)).last_lines()
                raise DeadlineError(
                    f"running {argv[0]}: it did not end within {seconds:.0f} s and was killed\n{said}".rstrip()
                )
            return Finished(process.returncode, _text(out), _text(err))

    def must(
        self, argv: Sequence[str], *, timeout: float = 120, environment: Mapping[str, str] | None = None
    ) -> Finished:
        """Run a program that has to succeed."""
        done = self.run(argv, timeout=timeout, environment=environment)
        if done.code != 0:
            raise CommandError(f"{' '.join(argv)}: exit code {done.code}\n{done.last_lines()}")
        return done


def _memory(name: str) -> IO[bytes]:
    return os.fdopen(os.memfd_create(name), "w+b", buffering=0)


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode("utf-8", "replace")


def _ended(process: subprocess.Popen[bytes], seconds: float) -> bool:
    # Popen.wait with a timeout sleeps up to 50 ms too long; a pidfd wakes at once.
    try:
        descriptor = os.pidfd_open(process.pid)
    except OSError:
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True
    try:
        watch = select.poll()
        watch.register(descriptor, select.POLLIN)
        if not watch.poll(int(seconds * 1000) + 1):
            return False
    finally:
        os.close(descriptor)
    process.wait()
    return True


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
