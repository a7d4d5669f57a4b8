"""Certificate authorities and plain key pairs."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

# A machine's clock may be behind ours; kubeadm backdates its own CAs by five minutes for the same reason.
BACKDATED = timedelta(minutes=5)


@dataclass(frozen=True)
class Authority:
    """A CA: certificate and private key, PEM."""

    certificate: str
    key: str


@dataclass(frozen=True)
class KeyPair:
    """A key pair, PEM."""

    public_key: str
    key: str


def make_authority(common_name: str, years: int) -> Authority:
    """A new self-signed CA on NIST P-256, valid for `years` of 365 days.

    `common_name` is what kubeadm itself uses (`kubernetes`, `etcd-ca`, `front-proxy-ca`): it
    reuses what it finds without comparing names, but operators recognise them.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    now = datetime.now(UTC).replace(microsecond=0)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATED)
        .not_valid_after(now + timedelta(days=365 * years))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(key_usage(signs_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(common_name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    return Authority(certificate.public_bytes(serialization.Encoding.PEM).decode(), private_pem(key))


def make_key_pair() -> KeyPair:
    """A new P-256 key pair, as the API server signs service-account tokens with (ES256)."""
    key = ec.generate_private_key(ec.SECP256R1())
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return KeyPair(public.decode(), private_pem(key))


def private_pem(key: ec.EllipticCurvePrivateKey) -> str:
    """An EC key as SEC 1 PEM (`EC PRIVATE KEY`), which kubeadm writes and reads."""
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    ).decode()


def key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    """Key usage of a CA, or of a leaf."""
    return x509.KeyUsage(
        digital_signature=True,
        key_encipherment=True,
        key_cert_sign=signs_certificates,
        content_commitment=False,
        data_encipherment=False,
        key_agreement=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
