"""`NodeMembership`: a node in the API. Ready when created; drained within a deadline and removed when deleted."""

from __future__ import annotations

import json

from bareplane.specs import NodeMembershipSpec
from bareplane_provider.errors import BareplaneError
from bareplane_provider.kinds.api_kind import ApiKind, Facts
from bareplane_provider.kinds.control_planes import kubectl
from bareplane_provider.plugin.kind import Context
from bareplane_provider.transport.session import Session


class NodeMembership(ApiKind[NodeMembershipSpec]):
    name = "NodeMembership"
    spec = NodeMembershipSpec
    immutable = frozenset({"node"})

    def identity(self, name: str, spec: NodeMembershipSpec) -> str:
        return f"node/{spec.node}"

    def observe(self, spec: NodeMembershipSpec, session: Session) -> Facts:
        shown = kubectl(session, "get", "node", spec.node, "-o", "json", "--ignore-not-found")
        if not shown:
            return {f"node {spec.node}": {"present": "no"}}
        node = json.loads(shown)
        ready = [one["status"] for one in node["status"].get("conditions", []) if one["type"] == "Ready"]
        return {
            f"node {spec.node}": {
                "present": "yes",
                "ready": (ready or ["Unknown"])[0],
                "schedulable": "no" if node["spec"].get("unschedulable") else "yes",
            }
        }

    def apply(self, spec: NodeMembershipSpec, session: Session, context: Context) -> None:
        context.progress(f"waiting for {spec.node} to be Ready")
        node = f"node/{spec.node}"
        # A kubelet that has joined may still be about to register its node; waiting for what is not there is an error.
        conditions = ("--for=create", "--for=condition=Ready")
        seconds = spec.ready_seconds
        try:
            for condition in conditions:
                kubectl(session, "wait", condition, node, f"--timeout={seconds}s", timeout=seconds + 30)
        except BareplaneError as error:
            wanted = "jsonpath={.status.conditions[-1].message}"
            told = kubectl(session, "get", node, "-o", wanted, "--ignore-not-found") or "it is not in the API"
            raise BareplaneError(
                f"{spec.node} did not become Ready within {spec.ready_seconds} s: {told}; "
                f"see `journalctl -u kubelet` there ({error})"
            ) from error
        kubectl(session, "uncordon", node)

    def remove(self, spec: NodeMembershipSpec, session: Session, context: Context) -> None:
        if not kubectl(session, "get", "node", spec.node, "-o", "name", "--ignore-not-found"):
            return
        context.progress(f"draining {spec.node}, at most {spec.drain_seconds} s")
        drain = ["drain", spec.node, "--ignore-daemonsets", "--delete-emptydir-data", "--force"]
        try:
            kubectl(session, *drain, f"--timeout={spec.drain_seconds}s", timeout=spec.drain_seconds + 30)
        except BareplaneError as error:
            context.warning(f"{spec.node} was not drained within {spec.drain_seconds} s and is removed now: {error}")
        kubectl(session, "delete", "node", spec.node, "--ignore-not-found")
