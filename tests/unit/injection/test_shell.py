"""Command lines and scripts, read by real shells."""

from __future__ import annotations

import functools
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given

from bareplane_provider.errors import InputError
from bareplane_provider.transport.command import command_line
from bareplane_templates import render
from tests.unit.injection.boundary import arrives_or_is_refused, in_place, through
from tests.unit.injection.hostile import batches, trips
from tests.unit.injection.reporting import SELF_TEST

PRINT = ["printf", "%s\\0"]


def printed(shell: str, line: str) -> list[str]:
    done = subprocess.run([shell, "-c", line], capture_output=True, check=True, timeout=60)
    return [one.decode() for one in done.stdout.split(b"\0")[:-1]]


def command_words(shell: str, strings: Sequence[str]) -> Sequence[str | None]:
    passed = through(lambda one: command_line(["true", one], sudo=False), strings, InputError)
    return in_place(strings, passed, printed(shell, command_line([*PRINT, *passed], sudo=False)))


@pytest.mark.parametrize("shell", ["sh", "bash"])
def test_words_of_a_command_reach_the_program(shell: str) -> None:
    @trips(10)
    @given(batches())
    def holds(strings: list[str]) -> None:
        arrives_or_is_refused(f"words of a command line, {shell}", functools.partial(command_words, shell), strings)

    holds()


def script_words(folder: Path, strings: Sequence[str]) -> Sequence[str | None]:
    """The certificates that the script of the renewal timer hands to openssl, one after another."""

    def script(*certificates: str) -> str:
        return render(
            "renew.sh.j2",
            days=1,
            certificates=certificates,
            kubeadm="false",
            config="/c",
            programs=["x"],
            pods=False,
        )

    log = folder / "log"
    log.write_bytes(b"")
    stub = folder / "openssl"
    stub.write_text(f"#!/bin/sh\nprintf '%s\\0' \"$3\" >>'{log}'\n")
    stub.chmod(0o755)
    passed = through(script, strings, ValueError)
    (folder / "script").write_text(script(*passed))
    subprocess.run(["sh", str(folder / "script")], check=True, env={"PATH": f"{folder}:/usr/bin:/bin"}, timeout=60)
    return in_place(strings, passed, [one.decode() for one in log.read_bytes().split(b"\0")[:-1]])


def test_words_of_a_script_reach_the_program(tmp_path: Path) -> None:
    @trips(5)
    @given(batches())
    def holds(strings: list[str]) -> None:
        arrives_or_is_refused("words of a script", functools.partial(script_words, tmp_path), strings)

    holds()


def test_a_command_line_that_quotes_naively_is_found_out() -> None:
    def naive(strings: Sequence[str]) -> Sequence[str | None]:
        return [" ".join(printed("sh", f"printf '%s\\0' '{one}'")) for one in strings]

    @trips(4)
    @given(batches(size=20))
    def holds(strings: list[str]) -> None:
        harmless = [one for one in strings if "\0" not in one and "\n" not in one]
        arrives_or_is_refused(f"{SELF_TEST}shell", naive, harmless)

    with pytest.raises((AssertionError, subprocess.CalledProcessError)):
        holds()


@pytest.mark.parametrize("word", ["A=B", "-i", "--split-string=id"])
def test_a_program_that_env_or_sudo_would_take_for_something_else_is_refused(word: str) -> None:
    with pytest.raises(InputError):
        command_line([word, "x"], sudo=False)
