"""Exit statuses and errors of the command line."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from bareplane_cli import main as command_line


def call(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["bareplane", *arguments])
    with pytest.raises(SystemExit) as ended:
        command_line.main()
    return int(ended.value.code or 0)


@pytest.mark.parametrize("command", ["ledger", "clean", "recover"])
def test_every_command_explains_itself(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(monkeypatch, command, "--help") == 0
    assert f"bareplane {command}" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [("clean",), ("nothing",), ("ledger", "--wrong")])
def test_wrong_usage(
    arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(monkeypatch, *arguments) == 2
    assert "Traceback" not in capsys.readouterr().err


def test_an_error_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(monkeypatch, "ledger", "--project", str(tmp_path)) == 1
    told = capsys.readouterr().err
    assert told.startswith("error: there is no Pulumi.yaml in ")
    assert told.count("\n") == 1


def test_without_the_engine_recover_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: mine\n")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert call(monkeypatch, "recover", "--project", str(tmp_path)) == 1
    assert "there is no `pulumi` on PATH" in capsys.readouterr().err
