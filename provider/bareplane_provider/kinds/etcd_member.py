"""`EtcdMember`: a member of the first hour, as a systemd service with a user of its own.

The first members are an immutable list and start together: create returns once the process runs, and `EtcdQuorum` waits
for a leader, so that nothing deadlocks when resources are made one at a time.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from bareplane.specs import EtcdMemberSpec
from bareplane_provider.facts import MachineFacts
from bareplane_provider.kinds.credentials import with_credentials
from bareplane_provider.kinds.items import Item, directory, running, symlink, unit
from bareplane_provider.kinds.phase import Phase
from bareplane_provider.kinds.pki import ETCD_CA
from bareplane_provider.paths import PKI, program
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
    }
    immutable = Phase.immutable | {"node"}

    def items(self, spec: EtcdMemberSpec, machine: MachineFacts) -> list[Item]:
        given = with_credentials(UNIT, flags(spec))
        text = render(
            "component.service.j2",
            description="etcd key-value store",
            after=["network-online.target"],
            credentials=given.credentials,
            settings={"StateDirectory": "etcd", "StateDirectoryMode": "0700", "LimitNOFILE": "65536"},
            program=program("etcd"),
            arguments=given.arguments,
        )
        return [
            # The places that systemd keeps for a service with a dynamic user; its owner changes as it starts.
            directory(PRIVATE, "0700"),
            directory(f"{PRIVATE}/etcd", tree=True, owned=False),
            symlink(DATA, "private/etcd"),
            unit(UNIT, text),
            running(UNIT),
        ]


def flags(spec: EtcdMemberSpec) -> list[str]:
    """etcd's flags, as kubeadm's static pod has them, and the list of the first members."""
    peer = {name: f"https://{address}:2380" for name, address in spec.genesis.items()}
    return [
        f"--name={spec.node}",
        f"--data-dir={DATA}",
        f"--advertise-client-urls=https://{spec.address}:2379",
        f"--listen-client-urls=https://127.0.0.1:2379,https://{spec.address}:2379",
        f"--listen-peer-urls=https://{spec.address}:2380",
        f"--initial-advertise-peer-urls=https://{spec.address}:2380",
        "--initial-cluster=" + ",".join(f"{name}={url}" for name, url in sorted(peer.items())),
        f"--initial-cluster-token={spec.token}",
        "--initial-cluster-state=new",
        "--listen-metrics-urls=http://127.0.0.1:2381",
        "--client-cert-auth=true",
        "--peer-client-cert-auth=true",
        f"--cert-file={PKI}/etcd/server.crt",
        f"--key-file={PKI}/etcd/server.key",
        f"--trusted-ca-file={ETCD_CA}",
        f"--peer-cert-file={PKI}/etcd/peer.crt",
        f"--peer-key-file={PKI}/etcd/peer.key",
        f"--peer-trusted-ca-file={ETCD_CA}",
        "--snapshot-count=10000",
        "--watch-progress-notify-interval=5s",
    ]
