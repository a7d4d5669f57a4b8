"""Kinds that live in the Pulumi state alone: who owns what, the authorities, client certificates, encryption keys."""

from __future__ import annotations

import base64
import secrets
from datetime import UTC, datetime
from typing import Any, TypeVar

from bareplane.specs import ClientCertificateSpec, ClusterIdentitySpec, EncryptionKeyRingSpec, Spec, StackIdentitySpec
from bareplane_provider.errors import InputError
from bareplane_provider.kinds.base import SpecKind
from bareplane_provider.pki import Authority, make_authority, make_key_pair, remaining_share, sign_client
from bareplane_provider.plugin.kind import Change, Context, Created, Inputs, Outputs, State

S = TypeVar("S", bound=Spec)
RENEWED_BELOW = 1 / 3
"""A certificate with less than this share of its life left is made anew by the next `up`."""


class StateKind(SpecKind[S]):
    """A kind without a machine: reading it finds what the state says, deleting it forgets it."""

    def read(self, id: str, state: State, context: Context) -> Outputs | None:
        return state.outputs

    def delete(self, id: str, state: State, context: Context) -> None:
        """Nothing stands anywhere else."""


class StackIdentity(StateKind[StackIdentitySpec]):
    name = "StackIdentity"
    spec = StackIdentitySpec
    immutable = frozenset({"project", "stack"})
    stable_outputs = frozenset({"owner"})

    def create(self, name: str, inputs: Inputs, context: Context) -> Created:
        spec = self.parse(inputs)
        owner = f"{spec.project}/{spec.stack}/{secrets.token_hex(8)}"
        return Created(owner, {"owner": owner})

    def update(self, id: str, old: State, new: Inputs, context: Context) -> Outputs:
        return old.outputs


class ClusterIdentity(StateKind[ClusterIdentitySpec]):
    """The authorities. A change is refused: every certificate of the cluster hangs on them."""

    name = "ClusterIdentity"
    spec = ClusterIdentitySpec
    refused = dict.fromkeys(
        ("cluster", "years"), "every certificate of the cluster was signed by these authorities; make a new cluster"
    )
    secret_outputs = frozenset({"ca", "etcdCa", "frontProxyCa", "serviceAccount"})
    stable_outputs = secret_outputs | {"caCertificate", "etcdToken"}

    def create(self, name: str, inputs: Inputs, context: Context) -> Created:
        spec = self.parse(inputs)
        ca = make_authority("kubernetes", spec.years)
        accounts = make_key_pair()
        return Created(
            f"identity/{spec.cluster}",
            {
                "ca": pair(ca),
                "caCertificate": ca.certificate,
                "etcdCa": pair(make_authority("etcd-ca", spec.years)),
                "frontProxyCa": pair(make_authority("front-proxy-ca", spec.years)),
                "serviceAccount": {"publicKey": accounts.public_key, "key": accounts.key},
                "etcdToken": f"{spec.cluster}-{secrets.token_hex(8)}",
            },
        )

    def update(self, id: str, old: State, new: Inputs, context: Context) -> Outputs:
        if new == old.inputs:
            return old.outputs
        raise InputError(
            f"the authorities of {id} cannot be changed: every certificate of the cluster was signed by them; "
            "undo the change, or make a new cluster"
        )


class ClientCertificate(StateKind[ClientCertificateSpec]):
    name = "ClientCertificate"
    spec = ClientCertificateSpec
    secret_outputs = frozenset({"key"})

    def drift(self, old: State, new: Inputs) -> list[Change]:
        left = remaining_share(old.outputs["certificate"], datetime.now(UTC))
        return [Change("certificate")] if left < RENEWED_BELOW else []

    def create(self, name: str, inputs: Inputs, context: Context) -> Created:
        return Created(f"certificate/{name}", self.signed(inputs))

    def update(self, id: str, old: State, new: Inputs, context: Context) -> Outputs:
        return self.signed(new)

    def signed(self, inputs: Inputs) -> Outputs:
        spec = self.parse(inputs)
        made = sign_client(Authority(spec.ca_certificate, spec.ca_key), spec.common_name, spec.organizations, spec.days)
        return {"certificate": made.certificate, "key": made.key}


class EncryptionKeyRing(StateKind[EncryptionKeyRingSpec]):
    """Keys by name: a new name in front is a new key, a name left out is a key forgotten."""

    name = "EncryptionKeyRing"
    spec = EncryptionKeyRingSpec
    secret_outputs = frozenset({"keys"})

    def create(self, name: str, inputs: Inputs, context: Context) -> Created:
        return Created(f"keys/{name}", ring(self.parse(inputs), []))

    def update(self, id: str, old: State, new: Inputs, context: Context) -> Outputs:
        return ring(self.parse(new), old.outputs["keys"])


def ring(spec: EncryptionKeyRingSpec, known: list[dict[str, str]]) -> dict[str, Any]:
    """The ring in the spec's order: keys already known, new ones of 32 random bytes."""
    by_name = {one["name"]: one["secret"] for one in known}
    return {
        "keys": [
            {"name": name, "secret": by_name.get(name) or base64.b64encode(secrets.token_bytes(32)).decode()}
            for name in spec.names
        ]
    }


def pair(authority: Authority) -> dict[str, str]:
    return {"certificate": authority.certificate, "key": authority.key}
