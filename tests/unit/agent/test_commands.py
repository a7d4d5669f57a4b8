"""Commands run when they have to, and what they made goes with them."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from bareplane_agent.errors import CommandError, DeadlineError, UnsettledError


def counting(machine: Any, name: str = "run", script: str = "", **more: Any) -> dict[str, Any]:
    """A command that leaves a line in /etc/count each time."""
    full = f"echo x >> {machine.path('/etc/count')}; {script}"
    return {"type": "command", "name": name, "argv": ["sh", "-c", full], **more}


def runs(machine: Any) -> int:
    path: Path = machine.path("/etc/count")
    return len(path.read_text().splitlines()) if path.exists() else 0


def test_without_a_condition_it_runs_every_time(machine: Any) -> None:
    for _ in range(2):
        machine.apply(counting(machine))
    assert runs(machine) == 2


def test_it_runs_again_when_what_it_made_is_gone(machine: Any) -> None:
    made = machine.path("/opt/made")
    item = counting(machine, script=f"mkdir -p {made.parent}; touch {made}", produces=[{"path": "/opt/made"}])
    machine.apply(item)
    machine.apply(item)
    assert runs(machine) == 1
    made.unlink()
    machine.apply(item)
    assert runs(machine) == 2


def test_it_runs_while_unless_fails(machine: Any) -> None:
    flag = machine.path("/etc/flag")
    item = counting(machine, unless=["test", "-e", str(flag)])
    machine.apply(item)
    flag.touch()
    machine.apply(item)
    assert runs(machine) == 1


def test_a_missing_unless_program_means_run(machine: Any) -> None:
    machine.apply(counting(machine, unless=["/nowhere/program"]))
    assert runs(machine) == 1


def test_it_runs_again_when_its_input_changed(machine: Any, file: Any) -> None:
    for text in ("a", "a", "b"):
        machine.apply(file("/etc/conf", text), counting(machine, rerun_on=["file /etc/conf"]))
    assert runs(machine) == 2


def test_undo_deletes_files_and_trees_and_restores_originals(machine: Any) -> None:
    machine.write("/etc/old", "theirs")
    before = machine.picture()
    script = (
        f"mkdir -p {machine.path('/opt/tree/deep')}; touch {machine.path('/opt/tree/deep/x')};"
        f" echo ours > {machine.path('/etc/old')}; rm {machine.path('/etc/count')}"
    )
    machine.apply(
        counting(machine, script=script, produces=[{"path": "/etc/old"}], creates=["/opt/tree"], rerun_on=["x"])
    )
    assert machine.apply(counting(machine, produces=[{"path": "/etc/old"}, {"path": "/opt/tree"}]))["changed"] == []
    machine.path("/etc/old").write_text("theirs")
    machine.remove()
    assert machine.picture() == before


def test_a_file_it_changed_is_restored(machine: Any) -> None:
    machine.write("/etc/old", "theirs", 0o600)
    before = machine.picture()
    script = f"rm {machine.path('/etc/count')}; echo ours > {machine.path('/etc/old')}"
    machine.apply(counting(machine, script=script, produces=[{"path": "/etc/old"}], unless=["false"]))
    assert machine.path("/etc/old").read_text() == "ours\n"
    machine.remove()
    assert machine.picture() == before


def test_a_failure_names_the_command_and_its_last_words(machine: Any) -> None:
    with pytest.raises(CommandError, match=r"exit code 3\nout\nerr") as caught:
        machine.apply(counting(machine, script="echo out; echo err >&2; exit 3"))
    assert caught.value.item == "command run"


def test_a_secret_in_the_output_is_withheld(machine: Any) -> None:
    with pytest.raises(CommandError) as caught:
        machine.apply(counting(machine, script="echo geheim; exit 1", sensitive=True))
    assert "geheim" not in caught.value.message


def test_stdin_and_environment_reach_it_and_nothing_else_does(machine: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "of the caller")
    out = machine.path("/etc/out")
    script = f'cat > {out}; echo "$A $SECRET" >> {out}'
    machine.apply(counting(machine, script=script, stdin="aGVsbG8K", environment={"A": "a"}))
    assert out.read_text() == "hello\na \n"


def test_a_command_that_does_not_end_is_killed(machine: Any) -> None:
    with pytest.raises(DeadlineError, match="did not end within"):
        machine.apply(counting(machine, script="sleep 60", timeout=0.2))


def test_a_daemon_left_behind_does_not_hold_it_up(machine: Any) -> None:
    machine.apply(counting(machine, script="sleep 3 & true"), deadline=2)
    assert runs(machine) == 1


def test_what_it_should_make_and_did_not_is_an_error(machine: Any) -> None:
    with pytest.raises(UnsettledError, match="/opt/made is absent"):
        machine.apply(counting(machine, produces=[{"path": "/opt/made"}]))


@pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl here")
def test_a_certificate_with_a_foreign_key_is_made_again_with_its_key(machine: Any) -> None:
    crt, key = machine.path("/etc/c.crt"), machine.path("/etc/c.key")
    # Like kubeadm, it keeps a key that is there.
    script = (
        f"test -e {crt} || {{ test -e {key} || openssl genrsa -out {key} 2048;"
        f" openssl req -x509 -key {key} -out {crt} -subj /CN=x -days 365 -addext subjectAltName=DNS:b,DNS:a; }}"
    )
    item = counting(
        machine,
        script=script,
        replace=True,
        produces=[
            {"path": "/etc/c.crt", "check": "certificate", "ca": "/etc/c.crt", "key": "/etc/c.key"},
            {"path": "/etc/c.key"},
        ],
    )
    facts = machine.apply(item)["facts"]["command run"]
    assert facts["/etc/c.crt sans"] == "DNS:a,DNS:b"
    assert (facts["/etc/c.crt issuer"], facts["/etc/c.crt key"], facts["/etc/c.crt life"]) == ("ok", "matches", "ok")
    old = key.read_text()
    other = machine.apply(counting(machine, "other", f"openssl genrsa -out {key} 2048"), entry="other")
    assert other["changed"] == ["command other"]
    assert machine.ask("observe", items=[item])["facts"]["command run"]["/etc/c.crt key"] == "differs"
    facts = machine.apply(item)["facts"]["command run"]
    assert facts["/etc/c.crt key"] == "matches"
    assert key.read_text() != old


def writing(machine: Any, path: str, text: str, **more: Any) -> dict[str, Any]:
    """A command that alone knows what belongs into a file."""
    return counting(machine, script=f"echo {text} > {machine.path(path)}", **more)


def test_content_edited_by_hand_is_a_fact_and_made_again(machine: Any) -> None:
    item = writing(machine, "/etc/made", "text", produces=[{"path": "/etc/made", "check": "content"}])
    made = machine.apply(item)["facts"]["command run"]["/etc/made content"]
    machine.path("/etc/made").write_text("by hand\n")
    assert machine.ask("observe", items=[item])["facts"]["command run"]["/etc/made content"] not in ("absent", made)
    assert machine.ask("plan", items=[item])["planned"] == ["command run"]
    again = machine.apply(item)
    assert again["changed"] == ["command run"]
    assert again["facts"]["command run"]["/etc/made content"] == made
    assert machine.apply(item)["changed"] == []
    assert runs(machine) == 2


def test_new_content_of_a_run_is_the_right_one_from_then_on(machine: Any, file: Any) -> None:
    for text in ("a", "b", "b"):
        item = writing(
            machine,
            "/etc/made",
            text,
            produces=[{"path": "/etc/made", "check": "content"}],
            rerun_on=["file /etc/conf"],
        )
        machine.apply(file("/etc/conf", text), item)
    assert machine.path("/etc/made").read_text() == "b\n"
    assert runs(machine) == 2


@pytest.mark.parametrize("replace", [True, False])
def test_a_mode_changed_by_hand_is_put_right_without_running_it(machine: Any, replace: bool) -> None:
    item = writing(machine, "/etc/made", "text", produces=[{"path": "/etc/made"}], replace=replace)
    mode = machine.apply(item)["facts"]["command run"]["/etc/made mode"]
    machine.path("/etc/made").chmod(0o666)
    again = machine.apply(item)
    assert again["facts"]["command run"]["/etc/made mode"] == mode
    assert again["changed"] == ["command run"]
    assert runs(machine) == 1


@pytest.mark.parametrize("replace", [True, False])
def test_mode_and_content_changed_by_hand_are_both_put_right(machine: Any, replace: bool) -> None:
    item = writing(machine, "/etc/made", "text", produces=[{"path": "/etc/made", "check": "content"}], replace=replace)
    before = machine.apply(item)["facts"]
    machine.path("/etc/made").write_text("by hand")
    machine.path("/etc/made").chmod(0o666)
    assert machine.apply(item)["facts"] == before
    assert runs(machine) == 2


def test_what_is_right_survives_a_run_that_failed(machine: Any, file: Any) -> None:
    """A hand edit does not become ours because the repair broke off."""
    item = writing(machine, "/etc/made", "text", produces=[{"path": "/etc/made", "check": "content"}])
    machine.apply(item)
    machine.path("/etc/made").write_text("by hand")
    broken = {"type": "command", "name": "first", "argv": ["false"]}
    with pytest.raises(CommandError):
        machine.apply(broken, item)
    machine.apply({**broken, "argv": ["true"]}, item)
    assert machine.path("/etc/made").read_text() == "text\n"


def test_a_plan_names_what_apply_would_change_and_writes_nothing(machine: Any, file: Any) -> None:
    before = machine.traces()
    item = counting(machine, produces=[{"path": "/etc/made"}])
    assert machine.ask("plan", items=[file("/etc/a"), item])["planned"] == ["file /etc/a", "command run"]
    assert machine.traces() == before
