"""Kinds that live in the Pulumi state alone: identities, keys and certificates made by the provider."""

from typing import Annotated

from pydantic import Field

from bareplane.specs.wire import NodeName, Spec


class StackIdentitySpec(Spec):
    """Who owns what is put on machines. Output `owner`: `<project>/<stack>/<16 hex digits>`."""

    project: str
    stack: str


class ClusterIdentitySpec(Spec):
    """The CAs (kubernetes, etcd, front proxy) and the service-account key. Immutable: a new one is a new cluster.

    Outputs, PEM: `ca`, `etcdCa`, `frontProxyCa` (`{certificate, key}`) and `serviceAccount` (`{publicKey, key}`), all
    secret, and `caCertificate`; and `etcdToken`, which etcd's first members share.
    """

    cluster: NodeName
    years: Annotated[int, Field(ge=1, le=30)] = 10


class ClientCertificateSpec(Spec):
    """A client certificate signed by the cluster's CA. Outputs `certificate` and `key` (PEM, the key secret)."""

    common_name: str
    organizations: tuple[str, ...] = ()
    days: Annotated[int, Field(ge=1, le=3650)] = 365
    ca_certificate: str
    ca_key: str


class EncryptionKeyRingSpec(Spec):
    """Keys for Secrets at rest, newest first. Output `keys`: `[{name, secret}]`, secret."""

    names: Annotated[tuple[NodeName, ...], Field(min_length=1)]
