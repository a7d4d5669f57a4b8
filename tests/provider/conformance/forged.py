"""Certificates as somebody else would leave them: of another issuer, about to expire, for other names."""

from __future__ import annotations

import base64
import json
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, replace

import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes

from tests.provider.conformance.certificates import common_name, signing_key, unsigned
from tests.provider.conformance.row import Break
from tests.provider.conformance.servers import Server

CAS = ("/etc/kubernetes/pki/ca", "/etc/kubernetes/pki/etcd/ca", "/etc/kubernetes/pki/front-proxy-ca")
PEM, PKCS8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8


@dataclass(frozen=True)
class Pair:
    """A certificate and its key, PEM."""

    certificate: str
    key: str


@dataclass(frozen=True)
class Forgery:
    """How a forged certificate departs from the one it stands in for."""

    what: str
    fact: str
    foreign: bool = False
    days: float = 365
    other_names: bool = False
    other_subject: bool = False


FORGERIES = (
    Forgery("certificate of a foreign issuer", "issuer", foreign=True),
    Forgery("certificate about to expire", "life", days=0.5),
    Forgery("certificate for other names", "sans", other_names=True),
    Forgery("certificate of another subject", "subject", other_subject=True),
)


def breaks(item: str, path: str, facts: set[str], server: Server) -> Iterator[Break]:
    """Forgeries of one certificate, or of the one in a kubeconfig. The scripts are made when they are asked for."""
    text = server.run(f"cat {shlex.quote(path)}")
    config = not path.endswith(".crt")
    if config and "client-certificate-data" not in text:
        # It points at a certificate that its user renews by itself.
        return
    key_path = path.removesuffix(".crt") + ".key"
    now = _in_config(text) if config else Pair(text, server.run(f"cat {shlex.quote(key_path)}"))
    for forgery in FORGERIES:
        if forgery.fact in facts:
            made = forge(now, forgery, server)
            files = {path: _into_config(text, made)} if config else {path: made.certificate, key_path: made.key}
            yield Break(forgery.what, item, f"{path} {forgery.fact}", writing(files))
    if "key" in facts:
        files = {path: _into_config(text, replace(now, key=_key()))} if config else {key_path: _key()}
        yield Break("key of another certificate", item, f"{path} key", writing(files))
    if "server" in facts:
        elsewhere = _elsewhere(text)
        yield Break("kubeconfig for another server", item, f"{path} server", writing({path: elsewhere}))


def forge(now: Pair, forgery: Forgery, server: Server) -> Pair:
    """A new certificate after the model of `now`, with a key of its own."""
    model = x509.load_pem_x509_certificate(now.certificate.encode())
    authority, authority_key = _authority(model, server, foreign=forgery.foreign)
    key = ec.generate_private_key(ec.SECP256R1())
    subject = common_name("by-hand") if forgery.other_subject else model.subject
    builder = unsigned(subject, authority.subject, key.public_key(), days_gone=300, days_left=forgery.days)
    names = x509.SubjectAlternativeName([x509.DNSName("by-hand.example")])
    for extension in model.extensions:
        if isinstance(extension.value, x509.SubjectAlternativeName) and forgery.other_names:
            continue
        if isinstance(extension.value, x509.AuthorityKeyIdentifier | x509.SubjectKeyIdentifier):
            continue
        builder = builder.add_extension(extension.value, extension.critical)
    if forgery.other_names:
        builder = builder.add_extension(names, critical=False)
    made = builder.sign(authority_key, hashes.SHA256())
    return Pair(made.public_bytes(PEM).decode(), _pem(key))


def _authority(
    model: x509.Certificate, server: Server, *, foreign: bool
) -> tuple[x509.Certificate, CertificateIssuerPrivateKeyTypes]:
    """The CA that signed `model`, from the server; or another one of the same name."""
    for stem in CAS:
        authority = x509.load_pem_x509_certificate(server.run(f"cat {stem}.crt").encode())
        if authority.subject == model.issuer:
            if foreign:
                return authority, rsa.generate_private_key(65537, 2048)
            return authority, signing_key(server.run(f"cat {stem}.key"))
    raise AssertionError(f"no CA on {server.name} has signed {model.subject.rfc4514_string()}")


def writing(files: dict[str, str]) -> str:
    """A script that writes texts to paths, as somebody would who edits them: owner and mode stay."""
    return "\n".join(f"printf %s {shlex.quote(text)} >{shlex.quote(path)}" for path, text in files.items())


def _key() -> str:
    return _pem(ec.generate_private_key(ec.SECP256R1()))


def _pem(key: ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(PEM, PKCS8, serialization.NoEncryption()).decode()


def _in_config(text: str) -> Pair:
    user = yaml.safe_load(text)["users"][0]["user"]
    decode = base64.b64decode
    return Pair(decode(user["client-certificate-data"]).decode(), decode(user["client-key-data"]).decode())


def _into_config(text: str, pair: Pair) -> str:
    config = yaml.safe_load(text)
    encoded = replace(
        pair,
        certificate=base64.b64encode(pair.certificate.encode()).decode(),
        key=base64.b64encode(pair.key.encode()).decode(),
    )
    user = config["users"][0]["user"]
    user["client-certificate-data"], user["client-key-data"] = encoded.certificate, encoded.key
    return json.dumps(config)


def _elsewhere(text: str) -> str:
    config = yaml.safe_load(text)
    config["clusters"][0]["cluster"]["server"] = "https://192.0.2.7:6443"
    return json.dumps(config)
