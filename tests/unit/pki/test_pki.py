"""Authorities and client certificates, verified with cryptography's own verifier."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from bareplane_provider.pki import Authority, make_authority, make_key_pair, remaining_share, sign_client


@pytest.fixture(scope="module")
def ca() -> Authority:
    return make_authority("kubernetes", 10)


def certificate(pem: str) -> x509.Certificate:
    return x509.load_pem_x509_certificate(pem.encode())


def test_an_authority_may_sign_certificates_and_is_its_own_issuer(ca: Authority) -> None:
    made = certificate(ca.certificate)
    made.verify_directly_issued_by(made)
    constraints = made.extensions.get_extension_for_class(x509.BasicConstraints)
    usage = made.extensions.get_extension_for_class(x509.KeyUsage)
    assert constraints.critical
    assert constraints.value.ca
    assert usage.value.key_cert_sign
    assert made.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value == "kubernetes"


def test_an_authoritys_key_belongs_to_it(ca: Authority) -> None:
    key = load_pem_private_key(ca.key.encode(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    assert key.public_key() == certificate(ca.certificate).public_key()
    assert ca.key.startswith("-----BEGIN EC PRIVATE KEY-----")


@pytest.mark.parametrize("years", [1, 10])
def test_an_authority_lives_for_its_years_and_is_valid_at_once(years: int) -> None:
    made = certificate(make_authority("x", years).certificate)
    now = datetime.now(UTC)
    assert made.not_valid_before_utc < now
    assert abs(made.not_valid_after_utc - now - timedelta(days=365 * years)) < timedelta(minutes=1)


def test_no_two_authorities_are_alike() -> None:
    one, two = make_authority("x", 1), make_authority("x", 1)
    assert one.key != two.key
    assert certificate(one.certificate).serial_number != certificate(two.certificate).serial_number


def test_a_client_certificate_is_signed_by_its_authority_and_no_other(ca: Authority) -> None:
    made = certificate(sign_client(ca, "user", ["group"], 30).certificate)
    made.verify_directly_issued_by(certificate(ca.certificate))
    with pytest.raises(Exception, match=r".*"):
        made.verify_directly_issued_by(certificate(make_authority("kubernetes", 1).certificate))


def test_a_client_certificate_says_who_it_is_and_serves_nothing(ca: Authority) -> None:
    made = sign_client(ca, "kubernetes-admin", ["kubeadm:cluster-admins"], 30)
    parsed = certificate(made.certificate)
    assert parsed.subject.rfc4514_string() == "CN=kubernetes-admin,O=kubeadm:cluster-admins"
    usage = parsed.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    assert not parsed.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert not parsed.extensions.get_extension_for_class(x509.KeyUsage).value.key_cert_sign
    assert load_pem_private_key(made.key.encode(), None).public_key() == parsed.public_key()


def test_a_certificate_names_the_key_that_signed_it(ca: Authority) -> None:
    made = certificate(sign_client(ca, "user", [], 30).certificate)
    named = made.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier
    own = certificate(ca.certificate).extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    assert named == own


def test_a_certificate_never_outlives_its_authority() -> None:
    with pytest.raises(ValueError, match="outlive its CA"):
        sign_client(make_authority("x", 1), "user", [], 366)


def test_a_key_of_another_authority_is_refused(ca: Authority) -> None:
    with pytest.raises(ValueError, match="does not belong"):
        sign_client(Authority(ca.certificate, make_authority("x", 1).key), "user", [], 1)


def test_a_key_of_another_kind_is_refused(ca: Authority) -> None:
    key = rsa.generate_private_key(65537, 2048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()
    with pytest.raises(ValueError, match="elliptic-curve"):
        sign_client(Authority(ca.certificate, pem), "user", [], 1)


@pytest.mark.parametrize(
    ("days_from_now", "share"), [(-1, 1.0), (0, 1.0), (50, 0.5), (75, 0.25), (100, 0.0), (200, 0.0)]
)
def test_the_share_of_life_that_is_left(ca: Authority, days_from_now: int, share: float) -> None:
    made = sign_client(ca, "user", [], 100)
    at = datetime.now(UTC) + timedelta(days=days_from_now)
    assert remaining_share(made.certificate, at) == pytest.approx(share, abs=0.01)


def test_a_key_pairs_halves_belong_together() -> None:
    pair = make_key_pair()
    private = load_pem_private_key(pair.key.encode(), None)
    public = load_pem_public_key(pair.public_key.encode())
    assert isinstance(public, ec.EllipticCurvePublicKey)
    form = (Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    assert private.public_key().public_bytes(*form) == public.public_bytes(*form)
