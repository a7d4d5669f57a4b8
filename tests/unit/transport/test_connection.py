"""Connections: what users write, and what they are told when it is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bareplane_provider.errors import InputError
from bareplane_provider.transport.connection import parse_connection

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl"
GOOD: dict[str, Any] = {"name": "server-1", "address": "10.0.0.1", "hostKey": KEY, "identityFile": "/keys/id"}


def test_defaults() -> None:
    found = parse_connection(GOOD)
    assert (found.port, found.user, found.sudo, found.connect_wait) == (22, "root", False, 60.0)
    assert str(found) == "server-1 (root@10.0.0.1:22)"
    assert found.host_keys[0].fingerprint == "ssh-ed25519 SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU"
    assert found.host_keys[0].line == KEY


def test_another_user_becomes_root_by_sudo_unless_told_otherwise() -> None:
    assert parse_connection({**GOOD, "user": "ops"}).sudo
    assert not parse_connection({**GOOD, "user": "ops", "sudo": False}).sudo


def test_the_home_directory_is_filled_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    assert parse_connection({**GOOD, "identityFile": "~/.ssh/id"}).identity_file == Path("/home/me/.ssh/id")


def test_equal_descriptions_are_one_connection() -> None:
    jump = {"jump": {**GOOD, "name": "bastion"}}
    assert hash(parse_connection({**GOOD, **jump})) == hash(parse_connection({**GOOD, **jump}))
    assert str(parse_connection({**GOOD, **jump})) == "server-1 (root@10.0.0.1:22 via bastion)"


def test_absent_and_null_are_the_same() -> None:
    assert parse_connection({**GOOD, "jump": None, "agent": None}) == parse_connection(GOOD)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"hostKey": None}, r"server-1: hostKey is missing.*ssh-keyscan -t ed25519 10\.0\.0\.1"),
        ({"hostKey": []}, "hostKey is missing"),
        ({"hostKey": 5}, "hostKey must be one public key or a list"),
        ({"hostKey": "ssh-ed25519"}, "not a public key.*ssh_host_ed25519_key.pub"),
        ({"hostKey": "ssh-ed25519 ###"}, "not a public key"),
        ({"hostKey": f"10.0.0.1 {KEY}"}, "not a public key"),
        ({"hostKey": KEY.replace("ssh-ed25519", "ssh-rsa")}, "damaged"),
        ({"hostKey": [KEY, "ssh-ed25519 AAAA"]}, "damaged"),
        ({"address": None}, "server-1: address is missing"),
        ({"address": "-oProxyCommand=x"}, "address must be plain text"),
        ({"user": "a\nb"}, "user must be plain text"),
        ({"port": 0}, "port must be a number from 1 to 65535, not 0"),
        ({"port": True}, "port must be a number"),
        ({"port": "22"}, "port must be a number"),
        ({"agent": True}, "either identityFile .* or agent: true"),
        ({"identityFile": None}, "either identityFile .* or agent: true"),
        ({"agent": "yes"}, "agent must be true or false"),
        ({"jump": "bastion"}, "jump must be a connection"),
        ({"jump": {**GOOD, "name": "bastion", "hostKey": None}}, "server bastion: hostKey is missing"),
        ({"hostkey": KEY}, "no key 'hostkey'"),
        ({"connectWait": -1}, "connectWait must be a number of seconds"),
    ],
)
def test_a_complaint_names_server_key_and_remedy(changes: dict[str, Any], complaint: str) -> None:
    with pytest.raises(InputError, match=complaint):
        parse_connection({**GOOD, **changes})
