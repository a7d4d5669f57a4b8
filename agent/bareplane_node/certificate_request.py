"""Reads a certificate request (PKCS #10, RFC 2986) byte by byte.

A printed form (openssl's, say) can be forged: a name with a line break in it hides the names after it.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Iterator, List, Tuple

# One block and nothing beside it: another reader might pick another block.
PEM = re.compile(rb"-----BEGIN CERTIFICATE REQUEST-----\n([A-Za-z0-9+/=\n]+)-----END CERTIFICATE REQUEST-----\n?")

SEQUENCE, SET, OID, OCTETS, ATTRIBUTES = 0x30, 0x31, 0x06, 0x04, 0xA0
TEXTS = {0x0C: "utf-8", 0x13: "ascii", 0x16: "ascii"}
DNS_NAME, IP_ADDRESS = 0x82, 0x87

COMMON_NAME, ORGANIZATION = "2.5.4.3", "2.5.4.10"
EXTENSIONS, ALTERNATIVE_NAMES = "1.2.840.113549.1.9.14", "2.5.29.17"

Value = Tuple[int, bytes]


@dataclass(frozen=True)
class CertificateRequest:
    """What somebody wants to have signed. Names in the order they stand, repeated ones too."""

    subject: Tuple[Tuple[str, str], ...]
    """Attributes as (dotted object identifier, text)."""
    names: Tuple[str, ...]
    """DNS names and IP addresses."""
    others: Tuple[str, ...]
    """What else it asks for: names of other kinds, other extensions, other attributes."""


def parse(pem: bytes) -> CertificateRequest:
    """Raises ValueError for anything that is not one well-formed request in PEM."""
    match = PEM.fullmatch(pem)
    if not match:
        raise ValueError("it is not one PEM block of a certificate request")
    request, _, _ = children(only(base64.b64decode(match.group(1).replace(b"\n", b""), validate=True), SEQUENCE), 3)
    _, subject, _, attributes = children(inner(request, SEQUENCE), 4)
    names: List[str] = []
    others: List[str] = []
    for attribute in values(inner(attributes, ATTRIBUTES)):
        kind, given = children(inner(attribute, SEQUENCE), 2)
        if identifier(kind) == EXTENSIONS:
            for extensions in values(inner(given, SET)):
                read_extensions(inner(extensions, SEQUENCE), names, others)
        else:
            others.append(f"attribute {identifier(kind)}")
    return CertificateRequest(tuple(relative_names(inner(subject, SEQUENCE))), tuple(names), tuple(others))


def read_extensions(data: bytes, names: List[str], others: List[str]) -> None:
    for extension in values(data):
        parts = list(values(inner(extension, SEQUENCE)))
        if not parts:
            raise ValueError("it has an empty extension")
        if identifier(parts[0]) != ALTERNATIVE_NAMES:
            others.append(f"extension {identifier(parts[0])}")
            continue
        for tag, content in values(only(inner(parts[-1], OCTETS), SEQUENCE)):
            if tag == DNS_NAME:
                names.append(content.decode("ascii"))
            elif tag == IP_ADDRESS:
                names.append(str(ip_address(content)))
            else:
                others.append(f"name of kind {tag & 0x1F}")


def relative_names(data: bytes) -> Iterator[Tuple[str, str]]:
    for relative in values(data):
        for attribute in values(inner(relative, SET)):
            kind, (tag, content) = children(inner(attribute, SEQUENCE), 2)
            if tag not in TEXTS:
                raise ValueError(f"its subject has text of the unexpected type {tag:#x}")
            yield identifier(kind), content.decode(TEXTS[tag])


def values(data: bytes) -> Iterator[Value]:
    """The DER values that stand one after another in `data`: tag and content."""
    at = 0
    while at < len(data):
        if at + 2 > len(data) or data[at] & 0x1F == 0x1F:
            raise ValueError("it is not well-formed DER")
        tag, length = data[at], data[at + 1]
        at += 2
        if length >= 0x80:
            size = length & 0x7F
            length = int.from_bytes(data[at : at + size], "big")
            if not 1 <= size <= 4 or length < 0x80:
                raise ValueError("it has a length that DER does not allow")
            at += size
        if at + length > len(data):
            raise ValueError("it ends too early")
        yield tag, data[at : at + length]
        at += length


def children(data: bytes, count: int) -> List[Value]:
    found = list(values(data))
    if len(found) != count:
        raise ValueError(f"it has {len(found)} parts where {count} belong")
    return found


def only(data: bytes, tag: int) -> bytes:
    """The content of the one value that `data` is."""
    return inner(children(data, 1)[0], tag)


def inner(value: Value, tag: int) -> bytes:
    if value[0] != tag:
        raise ValueError(f"it has a value of type {value[0]:#x} where {tag:#x} belongs")
    return value[1]


def identifier(value: Value) -> str:
    """An object identifier in dotted form."""
    content = inner(value, OID)
    if not content or content[-1] & 0x80:
        raise ValueError("it has an object identifier that is cut off")
    numbers: List[int] = []
    number = 0
    for byte in content:
        number = number << 7 | byte & 0x7F
        if not byte & 0x80:
            numbers.append(number)
            number = 0
    first = min(numbers[0] // 40, 2)
    return ".".join(str(one) for one in (first, numbers[0] - 40 * first, *numbers[1:]))
