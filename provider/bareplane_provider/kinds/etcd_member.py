"""`EtcdMember`: a member of the first hour, as a systemd service with a user of its own or as a static pod.

The first members are an immutable list and start together: create returns once the process runs, or is the kubelet's to
start, and `EtcdQuorum` waits for a leader, so that nothing deadlocks when resources are made one at a time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import ClassVar

from bareplane.specs import EtcdMemberSpec
from bareplane_provider.facts import MachineFacts
from bareplane_provider.kinds.credentials import with_credentials
from bareplane_provider.kinds.items import Item, Plan, directory, plan, running, symlink, unit
from bareplane_provider.kinds.phase import Phase
from bareplane_provider.kinds.static_pods import OTHER_FORM, kubeadm_pods, static_pods
from bareplane_provider.kubeadm.config import etcd_file
from bareplane_provider.kubeadm.manifests import ETCD, flags, marked
from bareplane_provider.paths import program
from bareplane_provider.plugin.kind import Context
from bareplane_provider.transport.session import Session
from bareplane_templates import render

UNIT = "etcd.service"
DATA = "/var/lib/etcd"
PRIVATE = "/var/lib/private"


class EtcdMember(Phase[EtcdMemberSpec]):
    name = "EtcdMember"
    spec = EtcdMemberSpec
    slug = "etcd"
    refused: ClassVar[Mapping[str, str]] = {
        "genesis": "these are etcd's first members, and another list is another, empty etcd. This version does not yet "
        "add or remove control planes of a running cluster; put cluster.controlPlane.nodes back",
        "token": "it names this etcd cluster; put it back",
        "address": "a member is known to the others by its address; put it back",
        "form": OTHER_FORM,
    }
    immutable = Phase.immutable | {"node"}

    def items(self, spec: EtcdMemberSpec, machine: MachineFacts) -> list[Item]:
        if spec.form == "static-pods":
            return [directory(DATA, "0700", tree=True)]
        return [
            # The places that systemd keeps for a service with a dynamic user; its owner changes as it starts.
            directory(PRIVATE, "0700"),
            directory(f"{PRIVATE}/etcd", tree=True, owned=False),
            symlink(DATA, "private/etcd"),
        ]

    def plan(self, spec: EtcdMemberSpec, machine: MachineFacts, session: Session, context: Context) -> Plan:
        config = etcd_file(spec.cluster, spec.node, spec.address, genesis(spec))
        pod = kubeadm_pods(session, ["etcd", "local"], config, [ETCD])[ETCD]
        if spec.form == "static-pods":
            return plan(*self.items(spec, machine), *static_pods({ETCD: marked(pod, ())}))
        return plan(*self.items(spec, machine), unit(UNIT, service(flags(pod))), running(UNIT))

    def fingerprint(self, spec: EtcdMemberSpec, machine: MachineFacts) -> str:
        rendered = service([f"version={spec.cluster.version}", *genesis(spec).values()])
        return hashlib.sha256(f"{super().fingerprint(spec, machine)}{rendered}".encode()).hexdigest()[:16]


def service(arguments: Sequence[str]) -> str:
    """The text of etcd's unit."""
    given = with_credentials(UNIT, arguments)
    return render(
        "component.service.j2",
        description="etcd key-value store",
        after=["network-online.target"],
        credentials=given.credentials,
        settings={"StateDirectory": "etcd", "StateDirectoryMode": "0700", "LimitNOFILE": "65536"},
        program=program(ETCD),
        arguments=given.arguments,
    )


def genesis(spec: EtcdMemberSpec) -> dict[str, str]:
    """The flags that say who the first members are; kubeadm would name this one alone."""
    peers = [f"{name}=https://{address}:2380" for name, address in sorted(spec.genesis.items())]
    return {
        "initial-cluster": ",".join(peers),
        "initial-cluster-token": spec.token,
        "initial-cluster-state": "new",
    }
