"""Secrets of a call, kept out of everything it says."""

from __future__ import annotations

from collections.abc import Iterable

_MASK = "[secret]"
# Shorter texts ("yes", "22") occur by chance, and masking them would garble messages without hiding anything.
_SHORTEST = 4
_LONG_LINE = 20


class Mask:
    """Replaces each secret, its quoted form, and each long line of it (a key of many lines is seldom quoted whole)."""

    def __init__(self, secrets: Iterable[str]) -> None:
        words: set[str] = set()
        for secret in secrets:
            words.update((secret, secret.strip(), repr(secret)[1:-1]))
            words.update(line for line in secret.splitlines() if len(line) >= _LONG_LINE)
        # The longest first: a secret may be part of another one.
        self._words = sorted((word for word in words if len(word) >= _SHORTEST), key=len, reverse=True)

    def __call__(self, text: str) -> str:
        for word in self._words:
            text = text.replace(word, _MASK)
        return text
