"""Runs other programs; their failure becomes one error that says what was being done."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence

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
    """Standard output of `argv` (with `merge`, standard error too); raises CommandFailed, led by `doing`, on an error."""
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


def require(*programs: str) -> None:
    """Raises one LabError that names every missing program and the packages that hold them."""
    missing = [program for program in programs if shutil.which(program) is None]
    if missing:
        packages = sorted({DEBIAN_PACKAGE[program] for program in missing})
        raise LabError(
            f"the lab needs {', '.join(missing)}, not found on PATH; try: apt-get install {' '.join(packages)}"
        )
