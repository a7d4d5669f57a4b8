"""What the lab reads from the computer it runs on."""

from pathlib import Path

import pytest

from bareplane_lab import capabilities, commands, engine, host
from bareplane_lab.errors import CommandFailed, EngineError, LabError
from bareplane_lab.progress import Progress


def test_missing_capability_is_not_asked_for() -> None:
    everything = capabilities.granted("Name:\tinit\nCapBnd:\t000001ffffffffff\n")
    without_resource = capabilities.granted("CapBnd:\t000001fffeffffff\n")
    assert set(everything) - set(without_resource) == {"SYS_RESOURCE"}
    assert {"SYS_ADMIN", "NET_ADMIN", "SYSLOG", "AUDIT_READ"} <= set(without_resource)


def test_clock_and_modules_are_withheld() -> None:
    assert not {"SYS_TIME", "SYS_MODULE"} & set(capabilities.granted("CapBnd:\t000001ffffffffff\n"))


def test_limits_are_raised_but_never_lowered_and_the_kubelets_are_set(tmp_path: Path) -> None:
    low, high, wrong = "fs/inotify/max_user_instances", "fs/inotify/max_user_watches", "kernel/panic"
    for name in (*host.LEAST, *host.EXACTLY):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text({low: "128", high: "9999999"}.get(name, "0"))
    host.set_limits(Progress(), tmp_path)
    assert int((tmp_path / low).read_text()) == host.LEAST[low]
    assert int((tmp_path / high).read_text()) == 9999999
    assert int((tmp_path / wrong).read_text()) == 10


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BAREPLANE_CACHE", str(tmp_path))
    (tmp_path / "engine").mkdir()
    return tmp_path


def test_other_process_of_the_same_pid_is_not_taken_for_dockerd(cache: Path) -> None:
    (cache / "engine" / "dockerd.pid").write_text("1")
    assert engine.own_daemon() is None


def test_no_pid_file_no_daemon(cache: Path) -> None:
    assert engine.own_daemon() is None


def test_damaged_pid_file_is_an_error(cache: Path) -> None:
    (cache / "engine" / "dockerd.pid").write_text("?")
    with pytest.raises(EngineError, match=r"dockerd\.pid"):
        engine.own_daemon()


def test_missing_programs_are_named_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(LabError, match=r"docker, mmdebstrap.*apt-get install docker\.io mmdebstrap"):
        commands.require("docker", "mmdebstrap")


def test_failed_command_says_what_was_being_done() -> None:
    with pytest.raises(CommandFailed, match=r"counting sheep: .*ended with 3: none left"):
        commands.run(["sh", "-c", "echo none left >&2; exit 3"], "counting sheep")


def test_lines_of_long_work_are_passed_on() -> None:
    lines: list[str] = []
    with pytest.raises(CommandFailed, match="building: `sh …` ended with 4: one\ntwo"):
        commands.stream(["sh", "-c", "echo one; echo two >&2; exit 4"], "building", lines.append)
    assert lines == ["one", "two"]
