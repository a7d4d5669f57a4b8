"""Certificates by what matters of them: issuer, names, key and remaining life; read with the openssl program."""

from __future__ import annotations

import base64
import binascii
import calendar
import os
import re
import time
from dataclasses import dataclass

from .errors import MissingError
from .files import read_bytes
from .host import Host

# kubeadm's certificates live 365 days and are renewed in the last 90; shorter ones in proportion.
LAST_PART = 90 / 365
# A kubelet renews its own between 70 and 90 hundredths of its life: later than this it has failed to.
LATEST_PART = 1 / 20


@dataclass(frozen=True)
class Wanted:
    """A certificate to look at: the CA it should be signed by, the key it should belong to, who renews it."""

    certificate: bytes
    key: bytes | None
    ca: str | None
    renewed: bool = False


def certificate_facts(wanted: Wanted, host: Host) -> dict[str, str]:
    """issuer (ok, foreign, no-ca), sans, subject, key (matches, differs, absent), life (ok, expiring, expired)."""
    if host.find("openssl") is None:
        raise MissingError("looking at a certificate: this machine has no openssl program; install it")
    done = host.run(
        ["openssl", "x509", "-noout", "-subject", "-dates", "-nameopt", "RFC2253", "-ext", "subjectAltName", "-pubkey"],
        stdin=wanted.certificate,
    )
    if done.code != 0:
        return {"issuer": "unreadable"}
    return {
        "issuer": _issuer(wanted, host),
        "subject": _first(r"(?m)^subject=\s*(.*)$", done.out),
        "sans": names(done.out),
        "key": _key(wanted.key, _public_key(done.out), host),
        "life": life(
            _date(_first(r"notBefore=(.*)", done.out)),
            _date(_first(r"notAfter=(.*)", done.out)),
            time.time(),
            LATEST_PART if wanted.renewed else LAST_PART,
        ),
    }


def kubeconfig_facts(path: str, ca: str | None, host: Host, *, renewed: bool = False) -> dict[str, str]:
    """The server, whether it is known by `ca`, and the client certificate in a kubeconfig or that it points at."""
    text = (read_bytes(host.path(path)) or b"").decode("utf-8", "replace")
    server = _first(r"(?m)^\s*server:\s*[\"']?(\S+?)[\"']?\s*$", text)
    certificate = _embedded(text, "client-certificate", os.path.dirname(path), host)
    key = _embedded(text, "client-key", os.path.dirname(path), host)
    facts = {"server": server}
    if ca is not None:
        facts["authority"] = _authority(text, path, ca, host)
    if certificate is None:
        return {**facts, "issuer": "no-certificate"}
    return {**facts, **certificate_facts(Wanted(certificate, key, ca, renewed), host)}


def _authority(text: str, path: str, ca: str, host: Host) -> str:
    trusted = _embedded(text, "certificate-authority", os.path.dirname(path), host)
    return "ok" if trusted is not None and trusted.strip() == (read_bytes(host.path(ca)) or b"").strip() else "differs"


def _embedded(text: str, name: str, folder: str, host: Host) -> bytes | None:
    data = _first(rf"(?m)^\s*{name}-data:\s*[\"']?([A-Za-z0-9+/=]+)", text)
    if data:
        try:
            return base64.b64decode(data, validate=True)
        except binascii.Error:
            return b""
    place = _first(rf"(?m)^\s*{name}:\s*[\"']?(\S+?)[\"']?\s*$", text)
    return read_bytes(host.path(os.path.join(folder, place))) if place else None


def _issuer(wanted: Wanted, host: Host) -> str:
    if wanted.ca is None:
        return "not-checked"
    ca = host.path(wanted.ca)
    if not os.path.exists(ca):
        return "no-ca"
    # Expiry is the fact `life`; here only the signature counts. No other CA of the machine may vouch for it.
    done = host.run(
        ["openssl", "verify", "-no_check_time", "-partial_chain", "-no-CApath", "-no-CAstore", "-CAfile", ca],
        stdin=wanted.certificate,
    )
    return "ok" if done.code == 0 else "foreign"


def _key(key: bytes | None, public: str, host: Host) -> str:
    if key is None:
        return "absent"
    done = host.run(["openssl", "pkey", "-pubout"], stdin=key)
    return "matches" if done.code == 0 and _public_key(done.out) == public else "differs"


def _public_key(text: str) -> str:
    return _first(r"(?s)(-----BEGIN PUBLIC KEY-----.*?-----END PUBLIC KEY-----)", text)


def names(text: str) -> str:
    """Subject alternative names, sorted and joined by commas."""
    line = _first(r"Subject Alternative Name:[^\n]*\n\s*([^\n]*)", text)
    return ",".join(sorted(name.strip() for name in line.split(",") if name.strip()))


def life(begins: float, ends: float, now: float, last_part: float = LAST_PART) -> str:
    """ok, expiring (the last quarter, as kubeadm has it, if not told otherwise) or expired."""
    if now >= ends:
        return "expired"
    return "expiring" if ends - now < (ends - begins) * last_part else "ok"


def _date(text: str) -> float:
    return calendar.timegm(time.strptime(text.strip(), "%b %d %H:%M:%S %Y %Z"))


def _first(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    return found.group(1).strip() if found else ""
