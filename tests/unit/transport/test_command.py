"""Command lines, and what sudo says."""

from __future__ import annotations

import shlex
import subprocess

import pytest

from bareplane_provider.transport.command import Completed, command_line, sudo_problem


@pytest.mark.parametrize("word", ["", "a b", "$(id)", "'", '"', "\n", "é", "-x", "a;b", "\\", "`id`", "*"])
def test_words_survive_a_shell(word: str) -> None:
    line = command_line(["printf", "%s", word], sudo=False)
    assert shlex.split(line)[-1] == word
    assert subprocess.run(["/bin/sh", "-c", line], capture_output=True, check=True).stdout.decode() == word


def test_sudo_never_asks() -> None:
    assert command_line(["id", "-u"], sudo=True, reads=False) == "exec env LC_ALL=C sudo -n -- id -u </dev/null"


@pytest.mark.parametrize(
    ("status", "stderr", "problem"),
    [
        (0, "", None),
        (0, "sudo: unable to resolve host server-1", None),
        (1, "", None),
        (1, "no sudo: here", None),
        (2, "sudo: a password is required", None),
        (1, "sudo: a password is required\n", "sudo: a password is required"),
        (1, "x\nsudo: a terminal is required to read\n", "sudo: a terminal is required to read"),
        (1, "Sorry, user ops is not allowed to execute 'x' as root on h.", "is not allowed to execute"),
        (1, "ops is not in the sudoers file.", "not in the sudoers file"),
        (127, "env: 'sudo': No such file or directory", "sudo is not installed"),
        (127, "bash: line 1: sudo: command not found", "sudo is not installed"),
        (127, "sudo: foo: command not found", None),
        (1, "sudo: foo: command not found", None),
    ],
)
def test_refusals_of_sudo_are_told_from_the_commands_own(status: int, stderr: str, problem: str | None) -> None:
    found = sudo_problem(Completed(status, b"", stderr.encode()))
    assert (found is None) == (problem is None), found
    assert problem is None or problem in str(found)
