"""Host keys as users pin them, without any SSH library: parse, name, compare."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from bareplane_provider.errors import InputError

# An RSA key is one key with several signature algorithms; its own name (SHA-1) is never offered.
_ALGORITHMS = {"ssh-rsa": ("rsa-sha2-512", "rsa-sha2-256")}


@dataclass(frozen=True)
class HostKey:
    """A public host key: its type and the raw bytes that the protocol sends."""

    type: str
    blob: bytes

    @property
    def fingerprint(self) -> str:
        """As `ssh-keygen -l` prints it."""
        digest = base64.b64encode(hashlib.sha256(self.blob).digest()).decode().rstrip("=")
        return f"{self.type} SHA256:{digest}"

    @property
    def line(self) -> str:
        """As a user would pin it."""
        return f"{self.type} {base64.b64encode(self.blob).decode()}"

    @property
    def algorithms(self) -> tuple[str, ...]:
        """The names under which a server may offer this key."""
        return _ALGORITHMS.get(self.type, (self.type,))


def parse_host_key(text: str, server: str) -> HostKey:
    """Read `ssh-ed25519 AAAA… [comment]`, a line of /etc/ssh/ssh_host_…_key.pub."""
    words = text.split()
    shown = text if len(text) <= 60 else text[:57] + "..."
    wanted = "give the content of the server's /etc/ssh/ssh_host_ed25519_key.pub, such as 'ssh-ed25519 AAAA…'"
    if len(words) < 2:
        raise InputError(f"server {server}: hostKey {shown!r} is not a public key; {wanted}")
    try:
        blob = base64.b64decode(words[1], validate=True)
    except (binascii.Error, ValueError):
        raise InputError(f"server {server}: hostKey {shown!r} is not a public key; {wanted}") from None
    # The blob begins with its own type, length first: a truncated or mixed-up line shows here.
    if blob[4 : 4 + int.from_bytes(blob[:4], "big")].decode("ascii", "replace") != words[0]:
        raise InputError(f"server {server}: hostKey {shown!r} is damaged; {wanted}")
    return HostKey(words[0], blob)


def fingerprints(keys: Iterable[HostKey]) -> str:
    return ", ".join(key.fingerprint for key in keys)
