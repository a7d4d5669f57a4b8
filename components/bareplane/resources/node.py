"""Phases that make a machine a node, on the machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import pulumi

from bareplane.resources.base import Place, Resource
from bareplane.resources.identity import ClientCertificate, ClusterIdentity, EncryptionKeyRing
from bareplane.specs import ClusterSettings, Connection, Engine, Form

Options = pulumi.ResourceOptions | None


def node_properties(place: Place, cluster: ClusterSettings, node: str) -> dict[str, Any]:
    return {**place.to_wire(), "cluster": cluster.to_wire(), "node": node}


def identity_properties(identity: ClusterIdentity, certificate: ClientCertificate) -> dict[str, Any]:
    return {
        "caCertificate": identity.ca_certificate,
        "certificate": certificate.certificate,
        "key": certificate.key,
    }


class Pki(Resource):
    """The authorities on a control plane, and what kubeadm signs with them there."""

    def __init__(
        self,
        name: str,
        place: Place,
        *,
        cluster: ClusterSettings,
        node: str,
        address: str,
        identity: ClusterIdentity,
        opts: Options = None,
    ) -> None:
        authorities = {part: identity.pair(part) for part in ("ca", "etcdCa", "frontProxyCa", "serviceAccount")}
        super().__init__(
            "Pki", name, {**node_properties(place, cluster, node), "address": address, **authorities}, opts
        )


class EtcdMember(Resource):
    """A first member of etcd."""

    def __init__(
        self,
        name: str,
        place: Place,
        *,
        cluster: ClusterSettings,
        form: Form,
        node: str,
        address: str,
        genesis: Mapping[str, str],
        identity: ClusterIdentity,
        opts: Options = None,
    ) -> None:
        properties = {
            **node_properties(place, cluster, node),
            "form": form,
            "address": address,
            "genesis": dict(genesis),
            "token": identity.etcd_token,
        }
        super().__init__("EtcdMember", name, properties, opts)


class ControlPlane(Resource):
    """API server, controller manager and scheduler."""

    def __init__(
        self,
        name: str,
        place: Place,
        *,
        cluster: ClusterSettings,
        form: Form,
        node: str,
        address: str,
        encryption: EncryptionKeyRing,
        opts: Options = None,
    ) -> None:
        properties = {
            **node_properties(place, cluster, node),
            "form": form,
            "address": address,
            "encryptionKeys": encryption.keys,
        }
        super().__init__("ControlPlane", name, properties, opts)


class ControlPlaneKubelet(Resource):
    """The kubelet of a control plane, started."""

    kind: ClassVar[str] = "ControlPlaneKubelet"

    def __init__(
        self,
        name: str,
        place: Place,
        *,
        cluster: ClusterSettings,
        node: str,
        address: str,
        schedulable: bool,
        engine: Engine = "containerd",
        opts: Options = None,
    ) -> None:
        properties = {
            **node_properties(place, cluster, node),
            "address": address,
            "schedulable": schedulable,
            "engine": engine,
        }
        super().__init__(self.kind, name, properties, opts)


class ControlPlaneNode(ControlPlaneKubelet):
    """A control plane's node, registered and marked as one."""

    kind: ClassVar[str] = "ControlPlaneNode"


class WorkerNode(Resource):
    """The kubelet of a worker, joined with a token that lives for minutes."""

    def __init__(
        self,
        name: str,
        place: Place,
        *,
        cluster: ClusterSettings,
        node: str,
        address: str,
        control_planes: Sequence[Connection],
        identity: ClusterIdentity,
        engine: Engine = "containerd",
        opts: Options = None,
    ) -> None:
        properties = {
            **node_properties(place, cluster, node),
            "address": address,
            "engine": engine,
            "controlPlanes": [one.to_wire() for one in control_planes],
            "caCertificate": identity.ca_certificate,
        }
        super().__init__("WorkerNode", name, properties, opts)


class NodeDaemon(Resource):
    """A daemon on a node with an identity of its own in the cluster; `kind` says which."""

    kind: ClassVar[str]

    def __init__(
        self,
        name: str,
        place: Place,
        *,
        cluster: ClusterSettings,
        node: str,
        identity: ClusterIdentity,
        certificate: ClientCertificate,
        opts: Options = None,
    ) -> None:
        properties = {**node_properties(place, cluster, node), **identity_properties(identity, certificate)}
        super().__init__(self.kind, name, properties, opts)


class KubeProxy(NodeDaemon):
    """kube-proxy as a systemd service."""

    kind = "KubeProxy"


class PodNetwork(NodeDaemon):
    """The `routes` pod network on one node."""

    kind = "PodNetwork"


class ServingApprover(Resource):
    """Approves kubelets' serving certificates."""

    def __init__(
        self,
        name: str,
        place: Place,
        *,
        cluster: ClusterSettings,
        identity: ClusterIdentity,
        certificate: ClientCertificate,
        opts: Options = None,
    ) -> None:
        properties = {
            **place.to_wire(),
            "cluster": cluster.to_wire(),
            **identity_properties(identity, certificate),
        }
        super().__init__("ServingApprover", name, properties, opts)
