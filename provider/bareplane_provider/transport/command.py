"""Command lines for a machine: quoted for its shell, as root."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from bareplane_provider.errors import InputError

# What sudo itself says (in the C locale, see `command_line`) when it will not run the command.
_SUDO_REFUSED = re.compile(
    rb"^sudo: (a password|a terminal|no tty|sorry|you must|unable to|account|PAM|.*not allowed|.*expired)"
    rb"|is not in the sudoers file|is not allowed to (execute|run)|may not run sudo",
    re.MULTILINE,
)
_SUDO_MISSING = re.compile(rb"sudo\W*: (command not found|not found|No such file)")


@dataclass(frozen=True)
class Completed:
    """What a command left. A status of -1: it was ended by a signal."""

    status: int
    stdout: bytes
    stderr: bytes


def limited(argv: Sequence[str], seconds: float) -> list[str]:
    """The same command, ended by the machine itself after so long: closing a channel ends nothing there."""
    return ["timeout", "--kill-after=2", f"{seconds:.3f}", *argv]


def command_line(argv: Sequence[str], *, sudo: bool, reads: bool = True) -> str:
    """One line for the user's shell on the machine; arguments reach the program as they are.

    A command that `reads` nothing gets no input at all, rather than one whose end must be told.
    """
    if not argv or any("\0" in word for word in argv):
        raise InputError(f"a command line needs words without NUL bytes, not {list(argv)[:1]!r}…")
    if argv[0].startswith("-") or "=" in argv[0]:
        raise InputError(f"{argv[0]!r} is no program's name: env and sudo would take it for something else")
    try:
        "".join(argv).encode()
    except UnicodeEncodeError as error:
        raise InputError(f"a command line needs words of Unicode: {argv[0]} was given {error.reason}") from None
    # `env`, not an assignment: it works in every login shell. Messages are matched: they must not be translated.
    prefix = ["env", "LC_ALL=C", *(["sudo", "-n", "--"] if sudo else [])]
    return "exec " + shlex.join([*prefix, *argv]) + ("" if reads else " </dev/null")


def sudo_problem(done: Completed) -> str | None:
    """Why sudo did not run the command, if that is what happened."""
    if done.status == 0:
        return None
    if done.status in (126, 127) and _SUDO_MISSING.search(done.stderr):
        return "sudo is not installed"
    if done.status == 1 and _SUDO_REFUSED.search(done.stderr):
        return done.stderr.decode(errors="replace").strip().splitlines()[-1]
    return None
