"""The user's own keys: a private key file, or the SSH agent."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import paramiko
from paramiko.agent import Agent

from bareplane.specs.identity_file import identity_problem
from bareplane_provider.errors import AuthenticationError

if TYPE_CHECKING:
    from pathlib import Path

    from bareplane_provider.transport.connection import Connection


def identities(connection: Connection) -> list[paramiko.PKey]:
    """The keys to offer, in order. At least one."""
    if connection.identity_file is not None:
        return [_from_file(connection.identity_file, connection)]
    return _from_agent(connection)


def _from_file(path: Path, connection: Connection) -> paramiko.PKey:
    doing = f"connecting to {connection}: identityFile {path}"
    problem = identity_problem(path)
    if problem:
        raise AuthenticationError(f"{doing} {problem}")
    try:
        return paramiko.PKey.from_path(path)
    except (OSError, TypeError, ValueError, paramiko.SSHException) as error:
        raise AuthenticationError(
            f"{doing} is not a private key that can be read: {error}; `ssh-keygen` makes one"
        ) from error


def _from_agent(connection: Connection) -> list[paramiko.PKey]:
    if "SSH_AUTH_SOCK" not in os.environ:
        raise AuthenticationError(
            f"connecting to {connection}: agent: true, but SSH_AUTH_SOCK is not set; "
            "start an agent (`eval $(ssh-agent)`), or set identityFile"
        )
    try:
        keys: list[paramiko.PKey] = list(Agent().get_keys())
    except (OSError, paramiko.SSHException) as error:
        raise AuthenticationError(f"connecting to {connection}: the SSH agent does not answer: {error}") from error
    if not keys:
        raise AuthenticationError(f"connecting to {connection}: the SSH agent holds no key; add one with `ssh-add`")
    return keys
