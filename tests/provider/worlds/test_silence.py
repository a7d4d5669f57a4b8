"""What answers in sshd's place, or does not answer at all: told apart, with how long was tried."""

from __future__ import annotations

import socket
import time

import pytest

from tests.e2e.servers import Lab
from tests.provider.worlds.listeners import listener
from tests.provider.worlds.taking import Taking

HINT = "check that the machine is up, that address and port are its sshd's, and what stands between"


@pytest.mark.parametrize(
    ("manner", "words"),
    [
        ("mute", "it takes the connection and says nothing for 10 s"),
        ("banner", "it says 'SSH-2.0-OpenSSH_9.2p1', then nothing (10 s)"),
        ("web", "something other than SSH answers: 'HTTP/1.1 400 Bad Request'"),
        ("binary", r"something other than SSH answers: '\x80"),
        ("closing", "it takes the connection and closes it without a word"),
    ],
)
def test_what_is_no_sshd_is_told_by_what_it_does(taking: Taking, manner: str, words: str) -> None:
    with listener(manner) as port:
        told = taking.refusal(taking.entry("server-1", address="127.0.0.1", port=port, connectWait=1))
    assert told.startswith(f"connecting to server-1 (root@127.0.0.1:{port}): {words}")
    assert told.endswith(f", after 1 s of trying; {HINT}")


def test_a_closed_port_is_told_as_such(taking: Taking) -> None:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
    told = taking.refusal(taking.entry("server-1", address="127.0.0.1", port=port, connectWait=1))
    assert f"server-1 (root@127.0.0.1:{port}): Connection refused, after 1 s of trying; {HINT}" in told


def test_a_black_hole_is_told_within_the_wait(taking: Taking, lab: Lab) -> None:
    lab.on(
        "server-1",
        "nft add table inet hole; nft add chain inet hole in '{ type filter hook input priority 0; }'\n"
        "nft add rule inet hole in tcp dport 2299 drop",
    )
    began = time.monotonic()
    try:
        told = taking.refusal(taking.entry("server-1", port=2299, connectWait=1))
    finally:
        lab.on("server-1", "nft delete table inet hole")
    assert "no answer within 10 s, after 1 s of trying" in told
    assert time.monotonic() - began < 20


def test_what_is_waited_for_is_said_meanwhile(taking: Taking) -> None:
    with listener("closing") as port:
        taking.refusal(taking.entry("server-1", address="127.0.0.1", port=port, connectWait=2))
    assert any(one.startswith("waiting for server-1 (root@127.0.0.1:") for one in taking.said)
