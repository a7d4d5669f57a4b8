"""The control planes of a cluster, in either form: the same phases, and what each of them waits for.

Certificates come first on each machine. Then, as processes: all etcd members together, their quorum, the API servers,
what the cluster needs once, and the kubelets. As static pods: the manifests of all that, the kubelets, which start it,
and the quorum before what the cluster needs once. In both forms what is taken down first started last: a kubelet goes
before the manifests it watches.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi

from bareplane.resources import (
    ClusterBootstrap,
    ClusterIdentity,
    ControlPlane,
    ControlPlaneKubelet,
    EncryptionKeyRing,
    EtcdMember,
    EtcdQuorum,
    Pki,
)
from bareplane.server import Server
from bareplane.specs import ClusterSettings, Form


@dataclass(frozen=True)
class ControlPlanesArgs:
    """What the control planes of one cluster have in common."""

    name: str
    form: Form
    settings: ClusterSettings
    servers: Sequence[Server]
    identity: ClusterIdentity
    keys: EncryptionKeyRing
    schedulable: bool


@dataclass(frozen=True)
class ControlPlanes:
    """The last of their phases: what the cluster needs once, and each node's kubelet."""

    bootstrap: ClusterBootstrap
    kubelets: Mapping[str, ControlPlaneKubelet]


def control_planes(parent: pulumi.Resource, args: ControlPlanesArgs) -> ControlPlanes:
    """Declare them; every machine's phases are children of its server, the rest of `parent`."""
    settings, servers = args.settings, args.servers
    connections = [one.connection for one in servers]
    genesis = {one.name: one.address for one in servers}

    def after(*needed: pulumi.Resource, parent: pulumi.Resource = parent) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=parent, depends_on=list(needed))

    pki = {
        one.name: Pki(
            f"{one.name}-pki",
            one.place,
            cluster=settings,
            node=one.name,
            address=one.address,
            identity=args.identity,
            opts=after(one.binaries, parent=one),
        )
        for one in servers
    }
    etcd = {
        one.name: EtcdMember(
            f"{one.name}-etcd",
            one.place,
            cluster=settings,
            form=args.form,
            node=one.name,
            address=one.address,
            genesis=genesis,
            identity=args.identity,
            opts=after(pki[one.name], parent=one),
        )
        for one in servers
    }

    def quorum(*needed: pulumi.Resource) -> EtcdQuorum:
        return EtcdQuorum(f"{args.name}-quorum", control_planes=connections, members=list(genesis), opts=after(*needed))

    def planes(*needed: pulumi.Resource) -> dict[str, ControlPlane]:
        return {
            one.name: ControlPlane(
                f"{one.name}-control-plane",
                one.place,
                cluster=settings,
                form=args.form,
                node=one.name,
                address=one.address,
                encryption=args.keys,
                opts=after(pki[one.name], *needed, parent=one),
            )
            for one in servers
        }

    def kubelets(*needed: Mapping[str, pulumi.Resource]) -> dict[str, ControlPlaneKubelet]:
        return {
            one.name: ControlPlaneKubelet(
                f"{one.name}-kubelet",
                one.place,
                cluster=settings,
                node=one.name,
                address=one.address,
                schedulable=args.schedulable,
                engine=one.engine,
                opts=after(*(each[one.name] for each in needed), *one.prepared, parent=one),
            )
            for one in servers
        }

    def bootstrap(*needed: pulumi.Resource) -> ClusterBootstrap:
        return ClusterBootstrap(
            f"{args.name}-bootstrap",
            control_planes=connections,
            cluster=settings,
            node=servers[0].name,
            address=servers[0].address,
            opts=after(*needed),
        )

    if args.form == "static-pods":
        started = kubelets(etcd, planes())
        return ControlPlanes(bootstrap(quorum(*started.values())), started)
    running = planes(quorum(*etcd.values()))
    once = bootstrap(running[servers[0].name])
    return ControlPlanes(once, kubelets(running, dict.fromkeys(genesis, once)))
