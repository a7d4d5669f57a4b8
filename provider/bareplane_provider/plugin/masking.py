"""What a call says, without its secrets and without what a terminal would obey."""

from __future__ import annotations

import base64
import json
import unicodedata
from collections.abc import Iterable, Iterator

_MASK = "[secret]"
# Shorter texts ("yes", "22") occur by chance, and masking them would garble messages without hiding anything.
_SHORTEST = 4
# Messages quote the beginning of a long output, or one line of a key: a piece of this length counts as the secret.
_PIECE = 20
# Line and paragraph separators, formats (the direction of writing among them), controls.
_UNPRINTED = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


class Mask:
    """Replaces each secret, also quoted or in base64, and every long piece of one; what is left can be printed."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._words: list[str] = []
        self._pieces: set[str] = set()
        self._whole: set[str] = set()
        self._given = list(secrets)

    def add(self, secret: str) -> None:
        """One that was made during the call, such as a join token."""
        self._given.append(secret)

    def __call__(self, text: str) -> str:
        self._learn()
        for word in self._words:
            text = text.replace(word, _MASK)
        return printable(self._without_pieces(text))

    def finds(self, text: str) -> bool:
        """Whether a secret stands in the text, however short if it is all of it, or all of a JSON string."""
        self._learn()
        return text in self._whole or any(word in text for word in self._words) or self._without_pieces(text) != text

    def _learn(self) -> None:
        """Only a call that says something needs to know what not to say."""
        if not self._given:
            return
        given, self._given = self._given, []
        self._whole.update(form for secret in given if secret for form in (secret, json.dumps(secret)))
        words = {form for secret in given for form in _forms(secret) if len(form) >= _SHORTEST}
        for word in words:
            self._pieces.update(word[at : at + _PIECE] for at in range(len(word) - _PIECE + 1))
        # The longest first: a secret may be part of another one.
        self._words = sorted({*self._words, *words}, key=len, reverse=True)

    def _without_pieces(self, text: str) -> str:
        said: list[str] = []
        at = until = 0
        while at < len(text):
            if text[at : at + _PIECE] in self._pieces:
                if at >= until:
                    said.append(_MASK)
                until = at + _PIECE
            elif at >= until:
                said.append(text[at])
            at += 1
        return "".join(said)


def _forms(secret: str) -> Iterator[str]:
    for form in (secret, secret.strip()):
        yield form
        yield repr(form)[1:-1]
        yield json.dumps(form)[1:-1]
        yield base64.b64encode(form.encode(errors="surrogatepass")).decode()


def printable(text: str) -> str:
    """Text of a machine's as a terminal may be given it: no escape sequences, and no markup of the engine's."""
    return "".join(map(_printed, text)).replace("<{%", "<{ %")


def _printed(character: str) -> str:
    if character in "\n\t" or unicodedata.category(character) not in _UNPRINTED:
        return character
    return repr(character)[1:-1]
