"""`EtcdQuorum`: waits until the first members of etcd have a leader. Nothing to take away."""

from __future__ import annotations

import json
import time

from bareplane.specs import EtcdQuorumSpec
from bareplane_provider.errors import BareplaneError, CancelledError
from bareplane_provider.kinds.api_kind import ApiKind, Facts
from bareplane_provider.kinds.control_planes import run
from bareplane_provider.paths import PKI, program
from bareplane_provider.plugin.kind import Context
from bareplane_provider.transport.session import Session

ETCDCTL = (
    program("etcdctl"),
    "--endpoints=https://127.0.0.1:2379",
    f"--cacert={PKI}/etcd/ca.crt",
    f"--cert={PKI}/etcd/healthcheck-client.crt",
    f"--key={PKI}/etcd/healthcheck-client.key",
    "--command-timeout=5s",
)
WAIT_SECONDS = 120


class EtcdQuorum(ApiKind[EtcdQuorumSpec]):
    name = "EtcdQuorum"
    spec = EtcdQuorumSpec

    def identity(self, name: str, spec: EtcdQuorumSpec) -> str:
        return "etcd/" + ",".join(sorted(spec.members))

    def observe(self, spec: EtcdQuorumSpec, session: Session) -> Facts:
        listed = json.loads(run(session, [*ETCDCTL, "member", "list", "-w", "json"]))
        names = {one.get("name") or "(not started)" for one in listed["members"]}
        return {name: {"member": "yes" if name in names else "no"} for name in spec.members}

    def apply(self, spec: EtcdQuorumSpec, session: Session, context: Context) -> None:
        until = time.monotonic() + WAIT_SECONDS
        while True:
            done = session.run([*ETCDCTL, "endpoint", "health"], timeout=15)
            if done.status == 0:
                return
            if context.cancelled.wait(0.25):
                raise CancelledError("waiting for etcd's quorum: interrupted")
            if time.monotonic() > until:
                words = done.stderr.decode(errors="replace").strip()
                raise BareplaneError(
                    f"{session.name}: etcd has no leader after {WAIT_SECONDS} s: {words}; "
                    f"see `journalctl -u etcd` on {', '.join(spec.members)}"
                )

    def remove(self, spec: EtcdQuorumSpec, session: Session, context: Context) -> None:
        """Members are taken away with their machines' own phases."""

    def delete(self, id: str, state: object, context: Context) -> None:
        """No control plane needs to answer for that."""
