"""How a machine is reached: parsed once from the inputs of a resource."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from bareplane_provider.errors import InputError
from bareplane_provider.transport.hostkey import HostKey, parse_host_key

_KEYS = frozenset(
    {"name", "address", "port", "user", "hostKey", "trustOnFirstUse", "identityFile", "agent", "sudo", "jump"}
    | {"connectWait"}
)


@dataclass(frozen=True)
class Connection:
    """One way to one machine. Equal connections share one SSH connection."""

    name: str
    address: str
    port: int = 22
    user: str = "root"
    host_keys: tuple[HostKey, ...] = ()
    trust_on_first_use: bool = False
    identity_file: Path | None = None
    agent: bool = False
    sudo: bool = False
    jump: Connection | None = None
    connect_wait: float = 60.0
    """Seconds to go on trying while nothing answers."""

    def __str__(self) -> str:
        """As messages name it: `server-1 (root@10.0.0.1:22)`, and the way there."""
        via = f" via {self.jump.name}" if self.jump else ""
        host = f"[{self.address}]" if ":" in self.address else self.address
        return f"{self.name} ({self.user}@{host}:{self.port}{via})"


def parse_connection(given: Mapping[str, Any]) -> Connection:
    """Read a `connection` input; every complaint names the server, the key, and what would be right."""
    values = {key: value for key, value in given.items() if value is not None}
    name = str(values.get("name") or values.get("address") or "(unnamed)")
    unknown = sorted(set(values) - _KEYS)
    if unknown:
        raise InputError(f"server {name}: connection has no key {unknown[0]!r}; it knows {', '.join(sorted(_KEYS))}")
    user = _text(values, "user", name, "root")
    identity = _text(values, "identityFile", name, "")
    agent = _flag(values, "agent", name, default=False)
    if bool(identity) == agent:
        raise InputError(f"server {name}: give either identityFile (a private key's path) or agent: true")
    keys = _host_keys(values, name)
    trust = _flag(values, "trustOnFirstUse", name, default=False)
    if not keys and not trust:
        raise InputError(
            f"server {name}: hostKey is missing, and an unknown server is not trusted. Read it on the server's console "
            f"(/etc/ssh/ssh_host_ed25519_key.pub), or run `ssh-keyscan -t ed25519 {values.get('address', 'ADDRESS')}` "
            "and verify the fingerprint; or set trustOnFirstUse: true to accept whatever answers"
        )
    jump = values.get("jump")
    if jump is not None and not isinstance(jump, Mapping):
        raise InputError(f"server {name}: jump must be a connection of its own, not {jump!r}")
    return Connection(
        name=name,
        address=_text(values, "address", name, None),
        port=_port(values.get("port", 22), name),
        user=user,
        host_keys=keys,
        trust_on_first_use=trust,
        identity_file=Path(identity).expanduser() if identity else None,
        agent=agent,
        sudo=_flag(values, "sudo", name, default=user != "root"),
        jump=parse_connection(cast("Mapping[str, Any]", jump)) if jump is not None else None,
        connect_wait=_seconds(values.get("connectWait", 60), name),
    )


def _text(values: Mapping[str, Any], key: str, server: str, default: str | None) -> str:
    value = values.get(key, default)
    if value is None or (value == "" and default is None):
        raise InputError(f"server {server}: {key} is missing")
    # A leading dash could be read as an option, whitespace or a line break as something else altogether.
    if not isinstance(value, str) or (value and (value.startswith("-") or not value.isprintable())):
        raise InputError(f"server {server}: {key} must be plain text, not {value!r}")
    return value


def _flag(values: Mapping[str, Any], key: str, server: str, *, default: bool) -> bool:
    value = values.get(key, default)
    if not isinstance(value, bool):
        raise InputError(f"server {server}: {key} must be true or false, not {value!r}")
    return value


def _port(value: object, server: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 65536:
        raise InputError(f"server {server}: port must be a number from 1 to 65535, not {value!r}")
    return value


def _seconds(value: object, server: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise InputError(f"server {server}: connectWait must be a number of seconds, not {value!r}")
    return float(value)


def _host_keys(values: Mapping[str, Any], server: str) -> tuple[HostKey, ...]:
    given = values.get("hostKey", [])
    lines: object = [given] if isinstance(given, str) else given
    if not isinstance(lines, list | tuple):
        raise InputError(f"server {server}: hostKey must be one public key or a list of them, not {lines!r}")
    return tuple(parse_host_key(str(line), server) for line in cast("list[object]", lines))
