"""Authorities, keys and client certificates, made with `cryptography` and nothing on a machine."""

from bareplane_provider.pki.authority import Authority, KeyPair, make_authority, make_key_pair
from bareplane_provider.pki.client import ClientIdentity, remaining_share, sign_client

__all__ = [
    "Authority",
    "ClientIdentity",
    "KeyPair",
    "make_authority",
    "make_key_pair",
    "remaining_share",
    "sign_client",
]
