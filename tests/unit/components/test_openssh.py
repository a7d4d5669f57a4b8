"""The way to a Docker host as OpenSSH's client is told it."""

from __future__ import annotations

import shlex

import pytest

from bareplane.apps.openssh import docker_url, ssh_options
from bareplane.specs import Connection
from tests.unit.components.conftest import HOST_KEY

SERVER = {"name": "rack-1", "address": "192.0.2.11", "hostKey": HOST_KEY, "identityFile": "~/.ssh/id_ed25519"}


def to(**more: object) -> Connection:
    return Connection.from_wire({**SERVER, **more})


def test_the_pinned_key_is_the_only_one_and_no_file_is_asked() -> None:
    options = ssh_options(to())
    assert f"-oKnownHostsCommand=/bin/echo rack-1 {HOST_KEY}" in options
    assert "-oHostKeyAlias=rack-1" in options
    assert "-oStrictHostKeyChecking=yes" in options
    assert {"-oUserKnownHostsFile=/dev/null", "-oGlobalKnownHostsFile=/dev/null"} <= set(options)
    assert options[:2] == ["-F", "none"]
    assert "-oBatchMode=yes" in options


def test_a_key_file_is_the_only_login_offered_and_an_agent_offers_what_it_has() -> None:
    assert ssh_options(to(identityFile="/keys/50%"))[-3:] == ["-i", "/keys/50%%", "-oIdentitiesOnly=yes"]
    assert not {"-i", "-oIdentitiesOnly=yes"} & set(ssh_options(to(identityFile=None, agent=True)))


def test_without_a_pinned_key_ssh_learns_it_on_first_use_alone() -> None:
    options = ssh_options(to(hostKey=None, trustOnFirstUse=True))
    assert "-oStrictHostKeyChecking=accept-new" in options
    assert not any("KnownHosts" in one for one in options)


def test_a_jump_host_has_its_own_key_and_login() -> None:
    gate = {
        **SERVER,
        "name": "gate",
        "address": "198.51.100.7",
        "port": 2222,
        "user": "eve",
        "identityFile": "/50%/a b",
    }
    option = ssh_options(to(jump=gate))[-1]
    assert option.startswith("-oProxyCommand=ssh ")
    # What ssh hands to a shell: each %% is one, %h and %p are the server's.
    words = shlex.split(option.removeprefix("-oProxyCommand=").replace("%%", "%"))
    assert words[:-8] == ["ssh", *ssh_options(Connection.from_wire(gate))]
    assert words[-8:] == ["-l", "eve", "-p", "2222", "-W", "[%h]:%p", "--", "198.51.100.7"]
    assert "/50%%%%/a b" in option


@pytest.mark.parametrize(
    ("address", "url"),
    [("192.0.2.11", "ssh://admin@192.0.2.11:2222"), ("2001:db8::1", "ssh://admin@[2001:db8::1]:2222")],
)
def test_dockers_url_names_user_address_and_port(address: str, url: str) -> None:
    assert docker_url(to(address=address, user="admin", port=2222)) == url
