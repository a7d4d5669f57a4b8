"""Host keys: pinned ones are accepted, others refused before anything about the user is sent."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bareplane_provider.errors import AuthenticationError, HostKeyError, InputError
from tests.provider.transport.conftest import Open
from tests.provider.transport.server import Server, keygen


def test_the_pinned_key_is_accepted(server: Server, open_session: Open) -> None:
    assert open_session(server).run(["echo", "hello"]).stdout == b"hello\n"


def test_one_of_several_pinned_keys_is_enough(server: Server, open_session: Open, tmp_path: Path) -> None:
    other = keygen(tmp_path / "rsa", kind="rsa").with_suffix(".pub").read_text()
    assert open_session(server, hostKey=[other, server.host_key]).run(["true"]).status == 0


@pytest.mark.parametrize("kind", ["ed25519", "rsa"])
def test_another_key_is_refused_before_authentication(
    server: Server, open_session: Open, tmp_path: Path, kind: str
) -> None:
    other = keygen(tmp_path / "other", kind=kind).with_suffix(".pub").read_text()
    with pytest.raises(HostKeyError) as caught:
        open_session(server, hostKey=other).run(["true"])
    message = str(caught.value)
    assert message.count("SHA256:") == 2
    assert "server-1" in message
    log = server.said()
    assert "Connection from" in log
    for word in ("Accepted", "publickey", "Failed", "authenticating user", "invalid user"):
        assert word not in log, log


def test_a_server_without_a_pinned_key_is_not_dialed(server: Server, open_session: Open) -> None:
    with pytest.raises(InputError, match=r"server-1: hostKey is missing.*ssh-keyscan"):
        open_session(server, hostKey=None)


def test_first_use_is_trusted_with_a_warning_when_asked_for(
    server: Server, open_session: Open, said: list[str]
) -> None:
    session = open_session(server, hostKey=None, trustOnFirstUse=True)
    assert session.run(["true"]).status == 0
    assert any(text.startswith("warning: server-1: trusted on first use") and "SHA256:" in text for text in said)


def test_a_key_trusted_on_first_use_is_pinned_from_then_on(
    server: Server, start: Callable[..., Server], open_session: Open, tmp_path: Path
) -> None:
    session = open_session(server, hostKey=None, trustOnFirstUse=True)
    assert session.run(["true"]).status == 0
    server.stop()
    for suffix in ("", ".pub"):
        (server.root / f"host{suffix}").unlink()
    keygen(server.root / "host")
    server.start()
    with pytest.raises(HostKeyError):
        session.run(["true"])


def test_a_refused_user_key_is_named_and_not_retried(server: Server, open_session: Open, tmp_path: Path) -> None:
    stranger = keygen(tmp_path / "stranger")
    with pytest.raises(AuthenticationError, match=r"refused identityFile .*stranger"):
        open_session(server, identityFile=str(stranger)).run(["true"])
    assert server.said().count("Connection from 127.0.0.1") == 2  # one is the fixture's own look at the port


def test_a_key_with_a_passphrase_points_to_the_agent(server: Server, open_session: Open, tmp_path: Path) -> None:
    locked = keygen(tmp_path / "locked", passphrase="secret words")
    with pytest.raises(AuthenticationError, match=r"passphrase.*ssh-add.*agent: true"):
        open_session(server, identityFile=str(locked)).run(["true"])


def test_a_missing_key_file_is_named(server: Server, open_session: Open, tmp_path: Path) -> None:
    with pytest.raises(AuthenticationError, match=r"nowhere cannot be read: No such file"):
        open_session(server, identityFile=str(tmp_path / "nowhere")).run(["true"])
