"""Who holds a stack's lock, and whether that run still lives."""

from __future__ import annotations

from pathlib import Path
from unittest.mock import Mock

import pytest

from bareplane_cli.commands.recover import judge
from bareplane_cli.engine.lock import Holder, holders
from bareplane_cli.engine.pulumi import LockedError, failure
from bareplane_cli.errors import EngineError, RefusedError

LOCKED = """\
error: the stack is currently locked by 2 lock(s). Either wait for the other process(es) to end or delete the lock file.
  file:///x/.pulumi/locks/p/s/1.json?no_tmp_dir=true: created by root@vm (pid 12) at 2026-11-24T00:08:01Z
  file:///x/.pulumi/locks/p/s/2.json: created by DOMAIN\\some one@corp@build-7.example.org (pid 34) at 2026-11-24T01:00:00Z
"""  # noqa: E501
HERE = Holder("root", "vm", 12, "2026-11-24T00:08:01Z")


def test_every_holder_is_read_from_what_the_engine_says() -> None:
    assert holders(LOCKED) == (
        HERE,
        Holder("DOMAIN\\some one@corp", "build-7.example.org", 34, "2026-11-24T01:00:00Z"),
    )


def test_what_is_no_lock_has_no_holder() -> None:
    assert holders("error: no stack named 'x' found") == ()


@pytest.mark.parametrize(
    ("stat", "life"),
    [
        ("12 (pulumi) S 1 12", "alive"),
        ("12 (pulumi) R 1 12", "alive"),
        ("12 (pulumi) Z 1 12", "dead"),
        ("12 (some (odd) name) S 1 12", "dead"),
        (None, "dead"),
    ],
)
def test_life_of_a_run_on_this_computer(tmp_path: Path, stat: str | None, life: str) -> None:
    if stat is not None:
        (tmp_path / "12").mkdir()
        (tmp_path / "12/stat").write_text(stat)
    assert HERE.life("vm", tmp_path) == life


def test_nothing_is_known_of_a_run_on_another_computer(tmp_path: Path) -> None:
    assert HERE.life("elsewhere", tmp_path) == "unknown"


def test_the_lock_of_another_computers_run_is_taken_by_force_only(capsys: pytest.CaptureFixture[str]) -> None:
    holder = Holder("anna", "another-computer.invalid", 7, "2026-11-24T00:08:01Z")
    with pytest.raises(RefusedError, match=r"anna@another-computer.invalid, process 7, since 2026.*--force") as refused:
        judge(holder, "prod", force=False)
    assert refused.value.status == 3
    judge(holder, "prod", force=True)
    assert "cannot be seen from here" in capsys.readouterr().err


def test_the_lock_of_a_dead_run_is_ended_and_named(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Holder, "life", Mock(return_value="dead"))
    judge(HERE, "prod", force=False)
    assert "held by root@vm, process 12" in capsys.readouterr().out


def test_failures_of_the_engine_are_one_line() -> None:
    assert isinstance(failure("pulumi refresh", "", LOCKED), LockedError)
    told = failure("pulumi stack", "", "error: no stack\nnamed 'x' found\n")
    assert (type(told), str(told)) == (EngineError, "pulumi stack failed: no stack named 'x' found")
    event = '{"sequence":1,"diagnosticEvent":{"severity":"error","message":"reading server-1/pki:\\n  cut"}}'
    assert str(failure("pulumi refresh", event, "error: refresh failed")) == (
        "pulumi refresh failed: reading server-1/pki: cut"
    )
