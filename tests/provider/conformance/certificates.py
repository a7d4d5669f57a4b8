"""Certificates that the product would not make: of any time of life, for any key."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID


def signing_key(pem: str) -> rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey:
    key = serialization.load_pem_private_key(pem.encode(), None)
    assert isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey)
    return key


def unsigned(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, *, days_gone: float, days_left: float
) -> x509.CertificateBuilder:
    """A certificate with all but extensions and a signature."""
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=days_gone))
        .not_valid_after(now + timedelta(days=days_left))
    )


def common_name(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def about_to_expire(user: str, certificate: str, key: str) -> str:
    """A client certificate, PEM, signed by the CA that `certificate` and `key` are: 364 of its 365 days are over."""
    authority = x509.load_pem_x509_certificate(certificate.encode())
    own = ec.generate_private_key(ec.SECP256R1()).public_key()
    made = unsigned(common_name(user), authority.subject, own, days_gone=364, days_left=1)
    return made.sign(signing_key(key), hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()
