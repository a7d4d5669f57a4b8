"""Giving a service the files it needs to read, without giving its user the files.

Private keys stay root's alone (0600). systemd copies what a unit's LoadCredential= names into a directory that only
this service can read; its flags are pointed there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from bareplane_provider.paths import KUBERNETES


@dataclass(frozen=True)
class Credentialed:
    """A service's arguments with paths below /etc/kubernetes replaced, and the credentials that replace them."""

    arguments: tuple[str, ...]
    credentials: dict[str, str]
    """Credential's name to the path of the original."""


def with_credentials(unit: str, arguments: Iterable[str]) -> Credentialed:
    """Replace every argument `--flag=/etc/kubernetes/…` by the credential's path in `unit`'s own directory."""
    replaced: list[str] = []
    credentials: dict[str, str] = {}
    for argument in arguments:
        flag, separator, value = argument.partition("=")
        if separator and value.startswith(f"{KUBERNETES}/"):
            name = credential_name(value)
            credentials[name] = value
            replaced.append(f"{flag}={credential_path(unit, name)}")
        else:
            replaced.append(argument)
    return Credentialed(tuple(replaced), credentials)


def credential_name(path: str) -> str:
    """A name for the file at `path` that no other file below /etc/kubernetes has: a dash stands for a slash."""
    parts = PurePosixPath(path).relative_to(KUBERNETES).parts
    return "-".join(re.sub(r"([-_])", r"_\1", part) for part in parts)


def credential_path(unit: str, name: str) -> str:
    """Where systemd (247 or later) puts a credential of a running unit."""
    return f"/run/credentials/{unit}/{name}"
