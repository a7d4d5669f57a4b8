"""The conversation with the agent, held with stand-ins for it that a real sshd starts."""

from __future__ import annotations

import hashlib
import os
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import bareplane_provider.transport.agent as conversation
from bareplane_provider.errors import (
    AgentError,
    CancelledError,
    DeadlineError,
    PythonMissingError,
    SudoError,
    TransportError,
)
from bareplane_provider.transport.blob import Blob
from bareplane_provider.transport.package import pack
from bareplane_provider.transport.pool import Pool
from tests.provider.transport.conftest import Open, once
from tests.provider.transport.server import Server

REQUEST = {"operation": "apply", "entry": "server-1/etcd", "deadline": 30}
HEAD = """
import hashlib, json, os, sys, time
def main(i, o):
    def say(event, **words):
        o.write(json.dumps({"event": event, **words}).encode() + b"\\n"); o.flush()
    request = json.loads(i.readline())
"""
RECEIVE = """
    say("need", blobs=request["want"])
    facts = {}
    for want in request["want"]:
        head = json.loads(i.readline())
        assert head["blob"] == want, head
        left, sum = head["length"], hashlib.sha256()
        while left:
            data = i.read(min(left, 1 << 20)); left -= len(data); sum.update(data)
        facts[want] = [sum.hexdigest(), head["encoding"]]
        say("progress", text="got " + want)
    say("result", facts=facts)
"""

Play = Callable[[str], None]


@pytest.fixture
def play(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Play:
    """Puts a stand-in in the agent's place: the body of its `main` after the request was read."""

    def begin(body: str) -> None:
        root = tmp_path / "bareplane_agent"
        root.mkdir()
        (root / "__init__.py").write_text("")
        (root / "main.py").write_text(HEAD + textwrap.indent(textwrap.dedent(body), "    "))
        packed = pack(root)
        monkeypatch.setattr(conversation, "agent_package", lambda: packed)

    return begin


def _blob(path: Path, size: int) -> tuple[str, Blob]:
    data = os.urandom(size)
    path.write_bytes(data)
    return hashlib.sha256(data).hexdigest(), Blob(path, size)


def test_a_request_gets_its_result(server: Server, open_session: Open, play: Play, said: list[str]) -> None:
    play('say("progress", text="half"); say("warning", text="odd"); say("result", facts={"got": request["entry"]})')
    result = open_session(server).agent(REQUEST)
    assert result == {"event": "result", "facts": {"got": "server-1/etcd"}}
    assert said == ["half", "warning: server-1: odd"]


def test_the_agent_runs_isolated_from_the_users_environment(
    server: Server, open_session: Open, play: Play, said: list[str]
) -> None:
    play('say("result", flags=[sys.flags.isolated, sys.flags.no_site], path=sys.path[0][:8], left=os.listdir("."))')
    assert open_session(server).agent(REQUEST)["flags"] == [1, 1]


def test_an_error_of_the_agent_is_told_with_machine_and_entry(server: Server, open_session: Open, play: Play) -> None:
    play('say("error", code="locked", message="held by another run", item="file /etc/x")')
    with pytest.raises(AgentError) as caught:
        open_session(server).agent(REQUEST)
    assert (caught.value.code, caught.value.item) == ("locked", "file /etc/x")
    assert str(caught.value) == "server-1: apply server-1/etcd: held by another run"


def test_a_crash_of_the_agent_is_told_in_one_line(server: Server, open_session: Open, play: Play) -> None:
    play('raise RuntimeError("broken")')
    with pytest.raises(AgentError, match=r"the agent ended \(status 1\): RuntimeError: broken$") as caught:
        open_session(server).agent(REQUEST)
    assert caught.value.code == "crashed"


def test_blobs_are_sent_in_order_and_whole(
    server: Server, open_session: Open, play: Play, tmp_path: Path, said: list[str]
) -> None:
    play(RECEIVE)
    blobs = dict(_blob(tmp_path / str(n), size) for n, size in enumerate([1, 0, 3_000_001, 32704, 32705]))
    want = list(blobs)[::-1]
    result = open_session(server).agent({**REQUEST, "want": want}, blobs)
    assert result["facts"] == {digest: [digest, "none"] for digest in want}
    assert said[-1] == f"got {want[-1]}"


def test_a_compressed_copy_is_sent_where_it_can_be_unpacked(
    server: Server, open_session: Open, play: Play, tmp_path: Path
) -> None:
    play(RECEIVE)
    digest, plain = _blob(tmp_path / "plain", 1000)
    packed = tmp_path / "packed"
    packed.write_bytes(b"packed")
    blobs = {digest: Blob(plain.path, 1000, packed)}
    result = open_session(server).agent({**REQUEST, "want": [digest]}, blobs, encoding="zstd")
    assert result["facts"] == {digest: [hashlib.sha256(b"packed").hexdigest(), "zstd"]}


def test_what_hardly_shrinks_is_sent_as_it_is(tmp_path: Path) -> None:
    _, plain = _blob(tmp_path / "plain", 1000)
    packed = tmp_path / "packed"
    for size, sent in ((899, (packed, 899, "zstd")), (901, (plain.path, 1000, "none"))):
        packed.write_bytes(bytes(size))
        assert Blob(plain.path, 1000, packed).source("zstd") == sent


def test_fifty_megabytes_arrive_with_their_checksum(
    server: Server, open_session: Open, play: Play, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    play(RECEIVE)
    digest, blob = _blob(tmp_path / "big", 50_000_000)
    session = open_session(server)
    session.run(["true"])
    before = time.monotonic()
    assert session.agent({**REQUEST, "want": [digest]}, {digest: blob})["facts"] == {digest: [digest, "none"]}
    rate = 50 / (time.monotonic() - before)
    record_property("MB/s", round(rate))
    print(f"{rate:.0f} MB/s")
    assert rate > 5


def test_a_failure_during_a_transfer_ends_it(server: Server, open_session: Open, play: Play, tmp_path: Path) -> None:
    play('say("need", blobs=request["want"]); i.read(1 << 20); say("error", message="disk full"); time.sleep(9)')
    digest, blob = _blob(tmp_path / "big", 30_000_000)
    before = time.monotonic()
    with pytest.raises(AgentError, match="disk full"):
        open_session(server).agent({**REQUEST, "want": [digest]}, {digest: blob})
    assert time.monotonic() - before < 8


def test_an_agent_that_dies_during_a_transfer_is_told(
    server: Server, open_session: Open, play: Play, tmp_path: Path
) -> None:
    play('say("need", blobs=request["want"]); i.read(1 << 20); raise SystemExit("gone away")')
    digest, blob = _blob(tmp_path / "big", 30_000_000)
    with pytest.raises(AgentError, match="gone away"):
        open_session(server).agent({**REQUEST, "want": [digest]}, {digest: blob})


def test_a_blob_not_offered_is_refused(server: Server, open_session: Open, play: Play) -> None:
    play('say("need", blobs=["0" * 64]); i.read()')
    with pytest.raises(TransportError, match="asked for 000"):
        open_session(server).agent(REQUEST)


def test_noise_on_the_output_is_shown(server: Server, open_session: Open, play: Play) -> None:
    play('print("Welcome!", flush=True)')
    with pytest.raises(TransportError, match=r"expected the agent, got b'Welcome!'.*login script"):
        open_session(server).agent(REQUEST)


def test_a_deadline_ends_the_call(server: Server, open_session: Open, play: Play) -> None:
    play("time.sleep(30)")
    with pytest.raises(DeadlineError, match="apply server-1/etcd: not done within 1 s"):
        open_session(server).agent(REQUEST, timeout=1)


def test_cancel_ends_the_call_within_two_seconds(
    server: Server, open_session: Open, play: Play, pool: Pool, said: list[str]
) -> None:
    play('say("progress", text="x"); time.sleep(30)')
    with once(lambda: "x" in said, pool.close) as closed:
        with pytest.raises(CancelledError, match="server-1: apply server-1/etcd: interrupted"):
            open_session(server).agent(REQUEST)
        assert time.monotonic() - closed[0] < 2


def test_a_connection_cut_during_a_call_says_what_was_being_done(
    server: Server, open_session: Open, play: Play, said: list[str]
) -> None:
    play('say("progress", text="x"); time.sleep(30)')
    cut = once(lambda: "x" in said, server.cut)
    with cut, pytest.raises(TransportError, match=r"server-1 .*: apply server-1/etcd: the connection was cut"):
        open_session(server).agent(REQUEST)


def _path(directory: Path, **programs: str) -> Path:
    directory.mkdir()
    (directory / "env").symlink_to("/usr/bin/env")
    for name, text in programs.items():
        (directory / name).write_text(text)
        (directory / name).chmod(0o755)
    return directory


def test_a_machine_without_python_is_told(start: Callable[..., Server], open_session: Open, tmp_path: Path) -> None:
    server = start(only_path=_path(tmp_path / "bin"))
    with pytest.raises(PythonMissingError, match=r"server-1 .*has no python3; install it"):
        open_session(server).agent(REQUEST)


def test_a_machine_with_an_old_python_is_told(start: Callable[..., Server], open_session: Open, tmp_path: Path) -> None:
    old = '#!/bin/sh\necho "bareplane: python 3.7.3" >&2\nexit 86\n'
    server = start(only_path=_path(tmp_path / "bin", python3=old))
    with pytest.raises(PythonMissingError, match=r"its python3 is 3\.7\.3; 3\.9 or newer"):
        open_session(server).agent(REQUEST)


def test_a_refused_sudo_is_told(start: Callable[..., Server], open_session: Open, tmp_path: Path) -> None:
    refusal = '#!/bin/sh\necho "sudo: a password is required" >&2\nexit 1\n'
    server = start(only_path=_path(tmp_path / "bin", sudo=refusal))
    with pytest.raises(SudoError, match=r"apply server-1/etcd: .*cannot become root: sudo: a password is required"):
        open_session(server, sudo=True).agent(REQUEST)
