"""Bootstrap tokens: six public letters and digits, a dot, sixteen secret ones."""

from __future__ import annotations

import hashlib
import secrets
import string

ALPHABET = string.ascii_lowercase + string.digits


def identifier(name: str) -> str:
    """The public half, the same for the same name: what a run that was cut has left is found by the next."""
    return "".join(ALPHABET[byte % len(ALPHABET)] for byte in hashlib.sha256(name.encode()).digest()[:6])


def new_token(name: str) -> str:
    """A token of that name with another secret half each time."""
    return f"{identifier(name)}.{''.join(secrets.choice(ALPHABET) for _ in range(16))}"


def secret_name(token: str) -> str:
    """The Secret in kube-system that makes it valid."""
    return f"bootstrap-token-{public_half(token)}"


def public_half(token: str) -> str:
    return token.partition(".")[0]
