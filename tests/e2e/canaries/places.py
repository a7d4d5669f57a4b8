"""Where secrets are searched for: processes, outputs, files of this computer, and everything of a server."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from collections.abc import Generator, Iterable, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.e2e.canaries.canary import Canary, patterns
from tests.e2e.servers import Lab

SAMPLER = Path(__file__).with_name("sample.py")
PATTERNS = "/run/canary.patterns"
# What somebody other than the owner can read: neither file nor any directory above keeps them out. Big files are
# programs and images, which come from the catalog.
READABLE = """
import os, stat, sys
def walk(folder):
    for entry in os.scandir(folder):
        try:
            seen = entry.stat(follow_symlinks=False)
            if stat.S_ISDIR(seen.st_mode):
                if seen.st_mode & 0o011 and entry.path not in ("/proc", "/sys", "/dev"):
                    walk(entry.path)
            elif stat.S_ISREG(seen.st_mode) and seen.st_mode & 0o044 and seen.st_size < 4 << 20:
                sys.stdout.write(entry.path + "\\0")
        except OSError:
            pass
walk("/")
"""
SEARCHES = {
    "files that others can read": f"python3 -Ic {shlex.quote(READABLE)} | xargs -0 grep -lF -f {PATTERNS} -- || true",
    "journal": f"journalctl --no-pager -o export | grep -aF -f {PATTERNS} | cut -c1-200 || true",
    "ledger": f"grep -rlF -f {PATTERNS} /var/lib/bareplane || true",
    "audit log": f"grep -rlF -f {PATTERNS} /var/log || true",
}
"""By place, a script that prints what holds one of the patterns."""


@dataclass
class Findings:
    """What was looked at and what was found there, by place."""

    hits: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    places: int = 0
    pulumis: int = 0
    """Lines that Pulumi writes by its own design: docs/security.md says which."""
    looks: int = 0

    def add(self, place: str, found: Iterable[str]) -> None:
        self.places += 1
        if lines := [line[:300] for line in found if line]:
            self.hits.setdefault(place, []).extend(lines)


class Search:
    """Searches for canaries; their values are in no argument and no environment of what searches."""

    def __init__(self, canaries: Iterable[Canary], folder: Path) -> None:
        self.patterns = patterns(canaries)
        assert all(len(one) >= 8 for one in self.patterns), "a canary must not occur by chance"
        self.file = folder / "patterns"
        self.file.touch(0o600)
        self.file.write_text("\n".join(self.patterns) + "\n")

    def in_text(self, text: str) -> bool:
        return any(one in text for one in self.patterns)

    def below(self, *paths: Path) -> list[str]:
        """Lines of the files below these paths that hold a canary."""
        command = ["grep", "-rahF", "-f", str(self.file), "--", *map(str, paths)]
        done = subprocess.run(command, capture_output=True, check=False)
        assert done.returncode in (0, 1), done.stderr
        return done.stdout.decode(errors="replace").split("\n")[:-1]

    def on(self, lab: Lab, server: str) -> dict[str, list[str]]:
        """What the server's places hold."""
        lines = "\n".join(self.patterns) + "\n"
        subprocess.run(lab.ssh(server, f"install -m 600 /dev/stdin {PATTERNS}"), input=lines, text=True, check=True)
        try:
            return {place: lab.on(server, script).splitlines() for place, script in SEARCHES.items()}
        finally:
            lab.on(server, f"rm {PATTERNS}")


@contextmanager
def sampled(command: Sequence[str], into: Path) -> Generator[None]:
    """Run the sampler while the block runs."""
    with into.open("wb") as output:
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=output)
        try:
            yield
        finally:
            process.communicate(timeout=30)


@contextmanager
def sampling(lab: Lab, servers: Iterable[str], mark: str, folder: Path) -> Generator[None]:
    """Sample the servers' processes, and of this computer's those with `mark` in their environment."""
    # The program is an argument here: its input tells it when to end.
    program = f"python3 -Ic {shlex.quote(SAMPLER.read_text())}"
    with ExitStack() as all_of_them:
        for server in servers:
            all_of_them.enter_context(sampled(lab.ssh(server, program), folder / f"{server}.samples"))
        here = [sys.executable, str(SAMPLER), mark]
        all_of_them.enter_context(sampled(here, folder / "here.samples"))
        yield


def looks(folder: Path) -> int:
    """How often processes were looked at."""
    return sum(json.loads(one.read_text().splitlines()[-1])["looks"] for one in folder.glob("*.samples"))
