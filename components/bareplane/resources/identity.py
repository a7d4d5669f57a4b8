"""Resources that live in the state alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi

from bareplane.resources.base import Resource
from bareplane.specs import ClusterIdentitySpec, EncryptionKeyRingSpec, StackIdentitySpec


class StackIdentity(Resource):
    """Who owns what this stack puts on machines."""

    def __init__(self, name: str, *, opts: pulumi.ResourceOptions | None = None) -> None:
        spec = StackIdentitySpec(project=pulumi.get_project(), stack=pulumi.get_stack())
        super().__init__("StackIdentity", name, spec.to_wire(), opts, ("owner",))

    @property
    def owner(self) -> pulumi.Output[str]:
        """`<project>/<stack>/<16 hex digits>`."""
        return self.output("owner")


class ClusterIdentity(Resource):
    """The cluster's authorities and service-account key. Never changed."""

    def __init__(self, name: str, *, cluster: str, opts: pulumi.ResourceOptions | None = None) -> None:
        outputs = ("ca", "caCertificate", "etcdCa", "frontProxyCa", "serviceAccount", "etcdToken")
        super().__init__("ClusterIdentity", name, ClusterIdentitySpec(cluster=cluster).to_wire(), opts, outputs)

    def pair(self, name: str) -> pulumi.Output[Mapping[str, str]]:
        """`ca`, `etcdCa`, `frontProxyCa` (`certificate`, `key`) or `serviceAccount` (`publicKey`, `key`); secret."""
        return self.output(name)

    @property
    def ca_certificate(self) -> pulumi.Output[str]:
        """The Kubernetes CA, PEM."""
        return self.output("caCertificate")

    @property
    def etcd_token(self) -> pulumi.Output[str]:
        """etcd's initial cluster token."""
        return self.output("etcdToken")


class ClientCertificate(Resource):
    """A client certificate of the cluster's CA; made anew by `up` in the last third of its life."""

    def __init__(
        self,
        name: str,
        *,
        identity: ClusterIdentity,
        common_name: str,
        organizations: Sequence[str] = (),
        days: int = 365,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        properties = {
            "commonName": common_name,
            "organizations": list(organizations),
            "days": days,
            "caCertificate": identity.ca_certificate,
            "caKey": identity.pair("ca").apply(lambda ca: ca["key"]),
        }
        super().__init__("ClientCertificate", name, properties, opts, ("certificate", "key"))

    @property
    def certificate(self) -> pulumi.Output[str]:
        """PEM."""
        return self.output("certificate")

    @property
    def key(self) -> pulumi.Output[str]:
        """PEM, secret."""
        return self.output("key")


class EncryptionKeyRing(Resource):
    """Keys for Secrets at rest, newest first."""

    def __init__(self, name: str, *, names: Sequence[str], opts: pulumi.ResourceOptions | None = None) -> None:
        spec = EncryptionKeyRingSpec(names=tuple(names))
        super().__init__("EncryptionKeyRing", name, spec.to_wire(), opts, ("keys",))

    @property
    def keys(self) -> pulumi.Output[Sequence[Mapping[str, str]]]:
        """`[{name, secret}]`, secret."""
        return self.output("keys")
