"""`EtcdQuorum`: waits until the first members of etcd are well. Nothing to take away."""

from __future__ import annotations

import json
import time
from typing import Any

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
    service = "etcd"

    def identity(self, name: str, spec: EtcdQuorumSpec) -> str:
        return "etcd/" + ",".join(sorted(spec.members))

    def observe(self, spec: EtcdQuorumSpec, session: Session) -> Facts:
        listed = json.loads(run(session, [*ETCDCTL, "member", "list", "-w", "json"]))["members"]
        # Exits with 1 when one of them is not well; what it prints is complete all the same.
        asked = session.run([*ETCDCTL, "endpoint", "health", "--cluster", "-w", "json"], timeout=30)
        return {name: member_facts(name, listed, json.loads(asked.stdout or "[]")) for name in spec.members}

    def answers(self, session: Session) -> str:
        return "yes" if session.run([*ETCDCTL, "endpoint", "health"], timeout=15).status == 0 else "no"

    def await_service(self, session: Session, context: Context) -> None:
        """Waiting is all that `apply` does."""

    def apply(self, spec: EtcdQuorumSpec, session: Session, context: Context) -> None:
        """Wait for all members; where some stay away, a leader is enough. Starting them is their own phase's matter."""
        seconds = context.seconds(WAIT_SECONDS)
        until = time.monotonic() + seconds
        while True:
            done = session.run([*ETCDCTL, "endpoint", "health", "--cluster"], timeout=30)
            if done.status == 0:
                return
            if context.cancelled.wait(0.25):
                raise CancelledError("waiting for etcd's quorum: interrupted")
            if time.monotonic() > until:
                break
        words = done.stderr.decode(errors="replace").strip()
        see = f"see etcd's log (`journalctl -u etcd`, or below /var/log/pods) on {', '.join(spec.members)}"
        if self.answers(session) != "yes":
            raise BareplaneError(f"{session.name}: etcd has no leader after {seconds:.0f} s: {words}; {see}")
        context.warning(f"etcd has a leader, but not all its members are well: {words}; {see}")

    def remove(self, spec: EtcdQuorumSpec, session: Session, context: Context) -> None:
        """Members are taken away with their machines' own phases."""

    def delete(self, id: str, state: object, context: Context) -> None:
        """No control plane needs to answer for that."""


def member_facts(name: str, listed: list[dict[str, Any]], healths: list[dict[str, Any]]) -> dict[str, str]:
    """Of one member, by etcd's own list of them and the health of every URL that clients are told."""
    own = next((one for one in listed if one.get("name") == name), None)
    if own is None:
        return {"member": "no"}
    urls = set(own.get("clientURLs", []))
    well = any(one.get("health") for one in healths if one.get("endpoint") in urls)
    return {"member": "yes", "health": "healthy" if well else "unhealthy"}
