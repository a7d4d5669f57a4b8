"""Commands: words arrive as they are, streams do not block each other, ends are told apart."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from bareplane_provider.errors import (
    AuthenticationError,
    CancelledError,
    DeadlineError,
    SudoError,
    TransportError,
    UnreachableError,
)
from bareplane_provider.transport.connection import parse_connection
from bareplane_provider.transport.pool import Pool
from tests.provider.transport.conftest import Open, once, until
from tests.provider.transport.server import Server, free_port, keygen

HOSTILE = [
    "",
    " ",
    "two words",
    "$(touch /tmp/bareplane-hostile)",
    "`id`",
    "; rm -rf /nowhere",
    "a'b\"c",
    "-n",
    "--",
    "*",
    "~",
    "\\",
    "line\nbreak",
    "tab\t",
    "é ü 漢",
    "!history",
    "{a,b}",
    "$HOME",
    "a=b",
    "\x01",
]


def test_hostile_words_arrive_as_they_are(server: Server, open_session: Open) -> None:
    done = open_session(server).run(["printf", "%s\\0", *HOSTILE])
    assert done.stdout.split(b"\0")[:-1] == [word.encode() for word in HOSTILE]
    assert not Path("/tmp/bareplane-hostile").exists()


def test_a_word_with_nul_is_refused(server: Server, open_session: Open) -> None:
    with pytest.raises(Exception, match="NUL"):
        open_session(server).run(["echo", "a\0b"])


def test_exit_status_and_both_streams_come_back(server: Server, open_session: Open) -> None:
    done = open_session(server).run(["sh", "-c", "cat; echo bad >&2; exit 7"], stdin=b"given")
    assert (done.status, done.stdout, done.stderr) == (7, b"given", b"bad\n")


def test_large_streams_in_all_directions_do_not_block(server: Server, open_session: Open) -> None:
    data = os.urandom(8 << 20)
    done = open_session(server).run(["sh", "-c", "head -c 5000000 /dev/zero >&2; cat"], stdin=data, timeout=60)
    assert hashlib.sha256(done.stdout).digest() == hashlib.sha256(data).digest()


def test_input_nobody_reads_is_no_error(server: Server, open_session: Open) -> None:
    assert open_session(server).run(["true"], stdin=bytes(8 << 20)).status == 0


def test_a_command_ended_by_a_signal_has_status_minus_one(server: Server, open_session: Open) -> None:
    assert open_session(server).run(["sh", "-c", "kill -9 $$"]).status == -1


def test_a_deadline_names_machine_and_command(server: Server, open_session: Open) -> None:
    session = open_session(server)
    session.run(["true"])  # what it takes to get there is not what is measured
    before = time.monotonic()
    with pytest.raises(DeadlineError, match=r"server-1 .*running sleep: not done within 1 s"):
        session.run(["sleep", "30"], timeout=0.6)
    assert time.monotonic() - before < 3


def test_threads_share_one_connection(server: Server, open_session: Open) -> None:
    session = open_session(server)
    results: list[bytes] = []
    threads = [
        threading.Thread(target=lambda n=n: results.append(session.run(["echo", str(n)]).stdout)) for n in range(24)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == sorted(f"{n}\n".encode() for n in range(24))
    assert server.said().count("Accepted publickey") == 1


def test_a_connection_that_died_idle_is_made_again(server: Server, open_session: Open) -> None:
    session = open_session(server)
    assert session.run(["true"]).status == 0
    server.cut()
    assert session.run(["echo", "again"]).stdout == b"again\n"
    assert server.said().count("Accepted publickey") == 2


def test_a_restarted_server_is_waited_for(server: Server, open_session: Open, said: list[str]) -> None:
    session = open_session(server)
    assert session.run(["true"]).status == 0
    server.stop()
    timer = threading.Timer(1.5, server.start)
    timer.start()
    assert session.run(["echo", "again"]).stdout == b"again\n"
    timer.join()
    assert any("waiting for server-1" in text for text in said)


def test_a_connection_cut_in_the_middle_is_an_error(server: Server, open_session: Open) -> None:
    session = open_session(server)
    cut = once(lambda: server.running("sleep"), server.cut)
    with cut, pytest.raises(TransportError, match=r"server-1 .*running sleep: the connection was cut"):
        session.run(["sleep", "20"])


def test_nothing_listening_is_an_error_after_the_wait(pool: Pool, server: Server) -> None:
    nowhere = parse_connection(server.connection(port=free_port(), connectWait=1.5))
    before = time.monotonic()
    with pytest.raises(UnreachableError, match=r"refused.*after 2 s of trying"):
        pool.session(nowhere, print, print).run(["true"])
    assert time.monotonic() - before < 3


def test_cancel_ends_running_commands_within_two_seconds(server: Server, open_session: Open, pool: Pool) -> None:
    session = open_session(server)
    assert session.run(["true"]).status == 0
    ended: list[tuple[str, float]] = []

    def work() -> None:
        try:
            session.run(["sleep", "30"])
        except CancelledError as error:
            ended.append((str(error), time.monotonic()))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    until(lambda: server.running("sleep") == 4)
    before = time.monotonic()
    pool.close()
    for thread in threads:
        thread.join(5)
    assert len(ended) == 4
    assert max(when for _, when in ended) - before < 2
    assert ended[0][0] == "server-1: running sleep: interrupted"


def test_cancel_ends_waiting_for_a_machine(pool: Pool, server: Server) -> None:
    nowhere = parse_connection(server.connection(port=free_port(), connectWait=60))
    threading.Timer(0.5, pool.close).start()
    before = time.monotonic()
    with pytest.raises(CancelledError):
        pool.session(nowhere, print, print).run(["true"])
    assert time.monotonic() - before < 2


def test_a_machine_behind_a_jump_host(start: Callable[..., Server], open_session: Open) -> None:
    bastion, inner = start("bastion"), start("inner")
    session = open_session(inner, jump=bastion.connection())
    assert session.run(["echo", "inside"]).stdout == b"inside\n"
    assert "Accepted publickey" in bastion.said()
    bastion.cut()
    time.sleep(0.3)
    assert session.run(["echo", "again"]).stdout == b"again\n"


def test_a_jump_host_that_forwards_nothing_is_an_error_at_once(
    start: Callable[..., Server], open_session: Open
) -> None:
    bastion, inner = start("bastion", extra="AllowTcpForwarding no"), start("inner")
    with pytest.raises(UnreachableError, match="AllowTcpForwarding"):
        open_session(inner, jump=bastion.connection()).run(["true"])


def _program(directory: Path, name: str, text: str) -> Path:
    directory.mkdir(exist_ok=True)
    path = directory / name
    path.write_text(text)
    path.chmod(0o755)
    return directory


def test_sudo_is_put_before_the_command(start: Callable[..., Server], open_session: Open, tmp_path: Path) -> None:
    path = _program(tmp_path / "bin", "sudo", '#!/bin/sh\nprintf "[%s]" "$@"\n')
    server = start(path=path)
    assert open_session(server, sudo=True).run(["id", "-u x"]).stdout.endswith(b"[id][-u x]")
    assert open_session(server, sudo=True).run(["id"]).stdout.startswith(b"[-n][--][timeout]")


@pytest.mark.parametrize(
    "text",
    [
        "sudo: a password is required",
        "Sorry, user ops is not allowed to execute '/usr/bin/id' as root on server-1.",
        "ops is not in the sudoers file.",
    ],
)
def test_a_refused_sudo_is_told_with_its_remedy(
    start: Callable[..., Server], open_session: Open, tmp_path: Path, text: str
) -> None:
    server = start(path=_program(tmp_path / "bin", "sudo", f'#!/bin/sh\necho "{text}" >&2\nexit 1\n'))
    with pytest.raises(SudoError, match=r"server-1 .*cannot become root: .*NOPASSWD"):
        open_session(server, sudo=True).run(["id"])


def test_a_missing_sudo_is_told(start: Callable[..., Server], open_session: Open, tmp_path: Path) -> None:
    server = start(only_path=_links(tmp_path / "bin", "env"))
    with pytest.raises(SudoError, match="sudo is not installed"):
        open_session(server, sudo=True).run(["id"])


def _links(directory: Path, *names: str) -> Path:
    directory.mkdir()
    for name in names:
        (directory / name).symlink_to(f"/usr/bin/{name}")
    return directory


def test_a_connection_that_answers_no_more_is_made_again(server: Server, open_session: Open) -> None:
    session = open_session(server)
    assert session.run(["true"]).status == 0
    for pid in server.children():
        os.kill(pid, signal.SIGSTOP)
    assert session.run(["echo", "again"], timeout=30).stdout == b"again\n"


def test_keys_of_an_agent_are_used(
    server: Server, open_session: Open, user_key: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stranger = keygen(tmp_path / "stranger")
    socket = tmp_path / "agent"
    with subprocess.Popen(["ssh-agent", "-D", "-a", str(socket)], stdout=subprocess.DEVNULL) as agent:
        while not socket.exists():
            time.sleep(0.05)
        monkeypatch.setenv("SSH_AUTH_SOCK", str(socket))
        session = open_session(server, identityFile=None, agent=True)
        with pytest.raises(AuthenticationError, match="the SSH agent holds no key"):
            session.run(["true"])
        subprocess.run(["ssh-add", "-q", str(stranger), str(user_key)], check=True)
        assert session.run(["echo", "hello"]).stdout == b"hello\n"
        agent.terminate()
    monkeypatch.delenv("SSH_AUTH_SOCK")
    with pytest.raises(AuthenticationError, match="SSH_AUTH_SOCK is not set"):
        open_session(server, identityFile=None, agent=True, name="other").run(["true"])
