"""Ending processes: only the given program's, and only this machine's own."""

from __future__ import annotations

import shutil
import subprocess
import time
from pathlib import Path

import pytest

from bareplane_agent import processes
from bareplane_agent.errors import UndoError
from bareplane_agent.host import Host
from bareplane_agent.processes import end, native
from bareplane_agent.residues.processes import Processes


@pytest.fixture
def program(tmp_path: Path) -> str:
    """A program nobody else runs."""
    return str(shutil.copy("/bin/sleep", tmp_path / "sleep"))


def test_a_program_is_found_by_its_path_and_ended(program: str) -> None:
    other = subprocess.Popen(["/bin/sleep", "60"])
    with subprocess.Popen([program, "60"]) as one:
        assert Processes.there(program, Host()) != []
        end([process for process in native() if process.program == program], Host())
        assert one.wait(5) == -15
    assert other.poll() is None
    other.kill()
    other.wait()


def test_a_program_replaced_on_disk_is_still_found(program: str) -> None:
    with subprocess.Popen([program, "60"]) as one:
        Path(program).unlink()
        found = [process for process in native() if process.program == program]
        assert [process.pid for process in found] == [one.pid]
        end(found, Host())


def test_one_that_ignores_term_is_killed(tmp_path: Path) -> None:
    shell = shutil.copy("/bin/bash", tmp_path / "stubborn")
    with subprocess.Popen(
        [shell, "-c", "trap '' TERM; echo ready; while :; do :; done"], stdout=subprocess.PIPE
    ) as one:
        assert one.stdout is not None
        one.stdout.readline()
        started = time.monotonic()
        end([process for process in native() if process.pid == one.pid], Host(), patience=0.2)
        assert one.wait(5) == -9
        assert time.monotonic() - started < 3


def test_processes_of_a_container_here_are_not_this_machines(program: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine inside a container has programs of the same path; they live in another pid namespace."""
    with subprocess.Popen([program, "60"]) as one:
        namespace = "pid:[1]"
        monkeypatch.setattr(processes, "_namespace", lambda pid: namespace if pid == one.pid else "own")
        assert Processes.there(program, Host()) == []
        one.kill()


def test_a_reused_pid_is_left_alone(program: str) -> None:
    with subprocess.Popen([program, "60"]) as one:
        (found,) = [process for process in native() if process.program == program]
        before = processes.Process(found.pid, found.parent, "0", found.program, found.arguments)
        end([before], Host())
        assert one.poll() is None
        one.kill()


def test_what_cannot_be_ended_is_named(program: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "_signal", lambda *_: None)
    monkeypatch.setattr(processes, "PATIENCE", 0.1)
    with subprocess.Popen([program, "60"]) as one:
        found = [process for process in native() if process.program == program]
        with pytest.raises(UndoError, match="still there after KILL"):
            end(found, Host(), patience=0.1)
        one.kill()
