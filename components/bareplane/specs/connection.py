"""How a machine is reached over SSH."""

from __future__ import annotations

import base64
import binascii
import re
from ipaddress import ip_address
from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator

from bareplane.specs.wire import DNS_LABEL, USER, Spec

HOST = re.compile(r"[A-Za-z0-9_][-A-Za-z0-9._]*")
KEY_TYPES = ("ssh-ed25519", "ssh-rsa", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521")


class Connection(Spec):
    """A server's address, user, and the host key it must show before anything is sent to it."""

    name: Annotated[str, Field(pattern=DNS_LABEL)]
    address: str
    port: Annotated[int, Field(ge=1, le=65535)] = 22
    user: Annotated[str, Field(pattern=USER)] = "root"
    trust_on_first_use: bool = False
    host_key: Annotated[str | None, Field(validate_default=True)] = None
    """`<type> <base64>` as in known_hosts; required unless `trust_on_first_use`."""
    agent: bool = False
    """Use the keys of the running ssh-agent."""
    identity_file: Annotated[str | None, Field(validate_default=True)] = None
    jump: Connection | None = None
    """A host to go through."""
    connect_wait: Annotated[int | None, Field(ge=0, le=3600)] = None
    """Seconds to go on trying while nothing answers; a minute if left out."""

    @field_validator("address")
    @classmethod
    def address_is_a_host(cls, value: str) -> str:
        # An IPv6 address may name its zone, which Python takes as it comes, with line breaks and all.
        address, _, zone = value.partition("%")
        try:
            ip_address(address)
        except ValueError:
            address, zone = "", value
        if ("%" in value or not address) and not (len(zone) <= 253 and HOST.fullmatch(zone)):
            raise ValueError("is neither an IP address nor a host name; write it like 192.0.2.11")
        return value

    @field_validator("host_key")
    @classmethod
    def host_key_is_a_public_key(cls, value: str | None, others: ValidationInfo) -> str | None:
        if value is None:
            if others.data.get("trust_on_first_use") is False:
                address = others.data.get("address", "<address>")
                raise ValueError(
                    f"is missing: put what `ssh-keyscan -t ed25519 {address}` prints after the address "
                    "(compare its fingerprint on the server's console), or set trustOnFirstUse: true"
                )
            return None
        parts = value.split()
        if len(parts) < 2 or parts[0] not in KEY_TYPES:
            raise ValueError(f"must read '<type> <base64>' with a type of {', '.join(KEY_TYPES)}")
        if not is_whole(parts[0], parts[1]):
            raise ValueError("is damaged or cut short; give the server's /etc/ssh/ssh_host_ed25519_key.pub as it is")
        return f"{parts[0]} {parts[1]}"

    @field_validator("identity_file")
    @classmethod
    def one_login_is_given(cls, value: str | None, others: ValidationInfo) -> str | None:
        agent = others.data.get("agent")
        if value is None and agent is False:
            raise ValueError("is missing: give a private key's path, or agent: true")
        if value is not None and agent:
            raise ValueError("cannot be used together with agent: true; give one of the two")
        return value


def is_whole(kind: str, text: str) -> bool:
    """Whether the base64 of a public key is all there: it begins with its own type, length first."""
    try:
        blob = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return False
    lengths = 0
    while lengths < len(blob):
        lengths += 4 + int.from_bytes(blob[lengths : lengths + 4], "big")
    return lengths == len(blob) and blob[4 : 4 + len(kind)] == kind.encode() and blob[3] == len(kind)
