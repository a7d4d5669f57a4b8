"""A client certificate of which little life is left."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID


def about_to_expire(user: str, certificate: str, key: str) -> str:
    """PEM, signed by the CA given by its own certificate and key: 364 of 365 days are over."""
    authority = x509.load_pem_x509_certificate(certificate.encode())
    authority_key = serialization.load_pem_private_key(key.encode(), None)
    assert isinstance(authority_key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey)
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, user)]))
        .issuer_name(authority.subject)
        .public_key(ec.generate_private_key(ec.SECP256R1()).public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=364))
        .not_valid_after(now + timedelta(days=1))
        .sign(authority_key, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM).decode()
