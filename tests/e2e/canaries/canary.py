"""The secrets of a run by their values, and the forms in which one of them may come to light."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

PEM = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----\n(?P<body>[A-Za-z0-9+/=\n]+)-----END [A-Z ]*PRIVATE KEY-----\n?")
KEY_DATA = re.compile(r"client-key-data\"?:\s*\"?(?P<data>[A-Za-z0-9+/=]+)")
WINDOW = 24
"""A piece of a secret that is this long gives it away; shorter secrets count as a whole."""
BLOCK = WINDOW // 2


@dataclass(frozen=True)
class Canary:
    """A secret: what it is, and the lines of text of it that nothing public shares."""

    name: str
    pieces: tuple[str, ...]


def word(name: str, secret: str) -> Canary:
    """One that is a text, such as a token."""
    return Canary(name, (secret,))


def keys_in(name: str, text: str) -> Iterator[Canary]:
    """Every private key in a text, in PEM or as kubeconfigs hold it."""
    for match in KEY_DATA.finditer(text):
        yield from keys_in(name, base64.b64decode(match["data"]).decode())
    for match in PEM.finditer(text):
        yield Canary(name, tuple(private_lines(match[0], match["body"])))


def private_lines(pem: str, body: str) -> Iterator[str]:
    """The lines of a key's PEM without what they share with its certificate: its public half, its header."""
    secret = private_number(pem)
    start = base64.b64decode(body).index(secret)
    begins, ends = -(-start * 4 // 3), (start + len(secret)) * 4 // 3
    at = 0
    for line in body.splitlines():
        piece = line[max(0, begins - at) : max(0, ends - at)]
        at += len(line)
        if len(piece) >= BLOCK:
            yield piece


def private_number(pem: str) -> bytes:
    load = serialization.load_ssh_private_key if "OPENSSH" in pem else serialization.load_pem_private_key
    key = load(pem.encode(), password=None)
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return key.private_numbers().private_value.to_bytes((key.key_size + 7) // 8, "big")
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key.private_bytes_raw()
    assert isinstance(key, rsa.RSAPrivateKey), type(key)
    return key.private_numbers().d.to_bytes((key.key_size + 7) // 8, "big").lstrip(b"\0")


def in_state(exported: Any, where: str = "state") -> Iterator[Canary]:
    """Every secret of a stack exported with its secrets shown that gives power to whoever has it."""
    if isinstance(exported, dict):
        if "plaintext" in exported:
            yield from in_state(json.loads(exported["plaintext"]), where)
        for name, one in exported.items():
            if name == "secret" and isinstance(one, str):
                yield word("key for Secrets at rest", one)
            elif name != "plaintext":
                yield from in_state(one, where)
    elif isinstance(exported, list):
        for one in exported:
            yield from in_state(one, where)
    elif isinstance(exported, str):
        yield from keys_in("private key of the state", exported)


def forms(piece: str) -> Iterator[str]:
    """As it is, in hexadecimal, in base64, and in base64 of that: a Secret with a kubeconfig, say."""
    yield piece
    yield piece.encode().hex()
    for once in in_base64(piece):
        yield once
        yield from in_base64(once)


def in_base64(piece: str) -> Iterator[str]:
    """As it looks wherever in a larger text it stands."""
    for shift in range(3):
        encoded = base64.b64encode(b"\0" * shift + piece.encode()).decode().rstrip("=")
        # The first and the last characters depend on what stands before and after.
        yield encoded[-(-shift * 4 // 3) : len(encoded) - 1]


def patterns(canaries: Iterable[Canary]) -> list[str]:
    """What to search for: every window of a form holds one of these whole."""
    found: set[str] = set()
    for canary in canaries:
        for form in (form for piece in canary.pieces for form in forms(piece)):
            if len(form) < WINDOW:
                found.add(form)
            else:
                found.update(form[at : at + BLOCK] for at in range(0, len(form) - BLOCK + 1, BLOCK))
    return sorted(found)
