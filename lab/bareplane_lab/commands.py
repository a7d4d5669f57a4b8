"""Runs other programs; their failure becomes one error that says what was being done."""

from __future__ import annotations

import shutil
import subprocess
from collections import deque
from collections.abc import Callable, Sequence

from bareplane_lab.errors import CommandFailed, LabError

DEBIAN_PACKAGE = {
    "docker": "docker.io",
    "dockerd": "docker.io",
    "ip": "iproute2",
    "mmdebstrap": "mmdebstrap",
    "ssh": "openssh-client",
    "ssh-keygen": "openssh-client",
}
TAIL = 2000


def run(
    argv: Sequence[str], doing: str, *, stdin: bytes = b"", timeout: float | None = None, merge: bool = False
) -> str:
    """Standard output of `argv` (with `merge`, standard error too); raises CommandFailed, which begins with `doing`."""
    try:
        done = subprocess.run(
            list(argv),
            input=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT if merge else subprocess.PIPE,
            check=False,
            timeout=timeout,
        )
    except FileNotFoundError as error:
        raise CommandFailed(f"{doing}: {argv[0]} is not installed") from error
    except subprocess.TimeoutExpired as error:
        raise CommandFailed(f"{doing}: `{' '.join(argv[:3])} …` gave no answer within {timeout:.0f} s") from error
    if done.returncode != 0:
        said = (done.stderr or done.stdout).decode(errors="replace").strip()[-TAIL:]
        raise CommandFailed(f"{doing}: `{' '.join(argv[:3])} …` ended with {done.returncode}: {said}")
    return done.stdout.decode(errors="replace")


def stream(argv: Sequence[str], doing: str, said: Callable[[str], None]) -> None:
    """Runs long work and passes on each line it prints, on either output; raises CommandFailed on an error."""
    last: deque[str] = deque(maxlen=20)
    with subprocess.Popen(
        list(argv), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        for line in process.stdout or ():
            last.append(line)
            said(line.rstrip())
    if process.returncode != 0:
        raise CommandFailed(f"{doing}: `{argv[0]} …` ended with {process.returncode}: {''.join(last).strip()}")


def require(*programs: str) -> None:
    """Raises one LabError that names every missing program and the packages that hold them."""
    missing = [program for program in programs if shutil.which(program) is None]
    if missing:
        packages = sorted({DEBIAN_PACKAGE[program] for program in missing})
        raise LabError(
            f"the lab needs {', '.join(missing)}, not found on PATH; try: apt-get install {' '.join(packages)}"
        )
