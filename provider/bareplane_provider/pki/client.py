"""Client certificates: who somebody is for the API server."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from bareplane_provider.pki.authority import BACKDATED, Authority, key_usage, private_pem


@dataclass(frozen=True)
class ClientIdentity:
    """A client certificate and its key, PEM."""

    certificate: str
    key: str


def sign_client(ca: Authority, common_name: str, organizations: Sequence[str], days: int) -> ClientIdentity:
    """A new key and a certificate for it: `common_name` is the user, `organizations` the groups.

    Raises ValueError when the CA's key does not belong to its certificate, or the certificate would outlive the CA.
    """
    issuer = x509.load_pem_x509_certificate(ca.certificate.encode())
    signer = serialization.load_pem_private_key(ca.key.encode(), password=None)
    if not isinstance(signer, ec.EllipticCurvePrivateKey):
        raise ValueError("the CA's key is not an elliptic-curve key")  # noqa: TRY004 the value is wrong, not its class
    if signer.public_key() != issuer.public_key():
        raise ValueError("the CA's key does not belong to its certificate")
    now = datetime.now(UTC).replace(microsecond=0)
    until = now + timedelta(days=days)
    if until > issuer.not_valid_after_utc:
        raise ValueError(f"the certificate for {common_name!r} would outlive its CA ({issuer.not_valid_after_utc:%F})")
    key = ec.generate_private_key(ec.SECP256R1())
    attributes = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, name) for name in organizations]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([*attributes, x509.NameAttribute(NameOID.COMMON_NAME, common_name)]))
        .issuer_name(issuer.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATED)
        .not_valid_after(until)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(key_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()),
            critical=False,
        )
        .sign(signer, hashes.SHA256())
    )
    return ClientIdentity(certificate.public_bytes(serialization.Encoding.PEM).decode(), private_pem(key))


def remaining_share(certificate: str, now: datetime) -> float:
    """Share of a certificate's life that is left at `now`: 1 at issue, 0 when expired."""
    parsed = x509.load_pem_x509_certificate(certificate.encode())
    life = parsed.not_valid_after_utc - parsed.not_valid_before_utc
    return max(0.0, min(1.0, (parsed.not_valid_after_utc - now) / life))
