"""How a machine is reached over SSH."""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import Annotated

from pydantic import Field, field_validator, model_validator

from bareplane.specs.wire import DNS_LABEL, Spec

HOST = re.compile(r"[A-Za-z0-9_][-A-Za-z0-9._]*")
KEY_TYPES = ("ssh-ed25519", "ssh-rsa", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521")


class Connection(Spec):
    """A server's address, user, and the host key it must show before anything is sent to it."""

    name: Annotated[str, Field(pattern=DNS_LABEL)]
    address: str
    port: Annotated[int, Field(ge=1, le=65535)] = 22
    user: Annotated[str, Field(pattern=r"^[a-z_][a-z0-9_-]{0,31}$")] = "root"
    host_key: str | None = None
    """`<type> <base64>` as in known_hosts; required unless `trust_on_first_use`."""
    trust_on_first_use: bool = False
    identity_file: str | None = None
    agent: bool = False
    """Use the keys of the running ssh-agent."""
    jump: Connection | None = None
    """A host to go through."""

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
            raise ValueError(f"{value!r} is neither an IP address nor a host name")
        return value

    @field_validator("host_key")
    @classmethod
    def host_key_is_a_public_key(cls, value: str | None) -> str | None:
        if value is None:
            return None
        parts = value.split()
        if len(parts) < 2 or parts[0] not in KEY_TYPES:
            raise ValueError(f"must read '<type> <base64>' with a type of {', '.join(KEY_TYPES)}")
        return f"{parts[0]} {parts[1]}"

    @model_validator(mode="after")
    def key_and_login_are_given(self) -> Connection:
        if self.host_key is None and not self.trust_on_first_use:
            raise ValueError(
                f"server {self.name!r} has no hostKey: put what `ssh-keyscan -t ed25519 {self.address}` prints after "
                "the address (compare its fingerprint on the server's console), or set trustOnFirstUse: true"
            )
        if self.identity_file is None and not self.agent:
            raise ValueError(f"server {self.name!r} needs identityFile: <private key>, or agent: true")
        return self
