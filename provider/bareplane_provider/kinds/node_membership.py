"""`NodeMembership`: a node in the API. Ready when created; drained within a deadline and removed when deleted."""

from __future__ import annotations

import json
from collections.abc import Mapping
from ipaddress import ip_address, ip_network
from typing import Any

from bareplane.specs import NodeMembershipSpec
from bareplane_provider.errors import BareplaneError
from bareplane_provider.kinds.api_kind import ApiKind, Facts
from bareplane_provider.kinds.control_planes import answering, kubectl, run
from bareplane_provider.kinds.nodes import UNIT
from bareplane_provider.paths import KUBECTL
from bareplane_provider.plugin.kind import Context, Inputs, Outputs, State
from bareplane_provider.transport.session import Session

REGISTERS_SECONDS = 20


class NodeMembership(ApiKind[NodeMembershipSpec]):
    name = "NodeMembership"
    spec = NodeMembershipSpec
    immutable = frozenset({"node"})
    ignored = ApiKind.ignored | {"connection"}

    def identity(self, name: str, spec: NodeMembershipSpec) -> str:
        return f"node/{spec.node}"

    def observe(self, spec: NodeMembershipSpec, session: Session) -> Facts:
        node = live(spec.node, session)
        if node is None:
            return {f"node {spec.node}": {"present": "no"}}
        ready = [one["status"] for one in node["status"].get("conditions", []) if one["type"] == "Ready"]
        labels = node["metadata"].get("labels", {})
        taints = taints_of(node)
        return {
            f"node {spec.node}": {
                "present": "yes",
                "ready": (ready or ["Unknown"])[0],
                "schedulable": "no" if node["spec"].get("unschedulable") else "yes",
                **{f"label {name}": labels.get(name, "(absent)") for name in sorted(spec.labels)},
                **{f"taint {one}": "yes" if one in taints else "no" for one in sorted(spec.taints)},
            }
        }

    def apply(self, spec: NodeMembershipSpec, session: Session, context: Context) -> None:
        node = f"node/{spec.node}"
        context.progress(f"waiting for {spec.node} to be Ready")
        seconds = round(context.seconds(spec.ready_seconds))
        again = not registered(spec.node, session) and register_again(spec, context)
        try:
            # Waiting for the condition of what is not there is an error.
            for condition in ("--for=create", "--for=condition=Ready"):
                kubectl(session, "wait", condition, node, f"--timeout={seconds}s", timeout=seconds + 30)
        except BareplaneError as error:
            wanted = "jsonpath={.status.conditions[-1].message}"
            told = kubectl(session, "get", node, "-o", wanted, "--ignore-not-found") or "it is not in the API"
            raise BareplaneError(
                f"{spec.node} did not become Ready within {seconds} s: {told}; "
                f"see `journalctl -u kubelet` there ({error})"
            ) from error
        if again:
            renew_pods(spec.node, session)
        kubectl(session, "uncordon", node)
        if spec.labels:
            kubectl(
                session,
                "label",
                "node",
                spec.node,
                "--overwrite",
                *(f"{name}={value}" for name, value in spec.labels.items()),
            )
        if spec.taints:
            kubectl(session, "taint", "node", spec.node, "--overwrite", *spec.taints)

    def update(self, id: str, old: State, new: Inputs, context: Context) -> Outputs:
        spec, before = self.parse(new), self.parse(old.inputs)
        with answering(spec.control_planes, context) as session:
            node = live(spec.node, session)
            if node is not None:
                labels = before.labels.keys() & node["metadata"].get("labels", {}).keys() - spec.labels.keys()
                taints = set(before.taints) & taints_of(node) - set(spec.taints)
                for verb, names in (("label", labels), ("taint", taints)):
                    if names:
                        kubectl(session, verb, "node", spec.node, *(f"{one}-" for one in sorted(names)))
        return super().update(id, old, new, context)

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


def live(node: str, session: Session) -> dict[str, Any] | None:
    shown = kubectl(session, "get", "node", node, "-o", "json", "--ignore-not-found")
    return json.loads(shown) if shown else None


def registered(node: str, session: Session) -> bool:
    """Whether it is in the API, or comes soon: a kubelet that has just joined is about to register its node."""
    wait = [*KUBECTL, "wait", "--for=create", f"node/{node}", f"--timeout={REGISTERS_SECONDS}s"]
    return session.run(wait, timeout=REGISTERS_SECONDS + 30).status == 0


def register_again(spec: NodeMembershipSpec, context: Context) -> bool:
    """A kubelet registers its node when it starts, and never again: one whose node was deleted is restarted."""
    if spec.connection is None:
        return False
    context.progress(f"{spec.node} is not in the API: restarting its kubelet")
    run(context.machine(spec.connection.to_wire()), ["systemctl", "restart", UNIT])
    return True


def renew_pods(node: str, session: Session) -> None:
    """Pods with addresses of the CIDR that the node had before it registered again can be reached no more."""
    now = live(node, session)
    cidr = now["spec"].get("podCIDR") if now else None
    if not cidr:
        return
    shown = kubectl(session, "get", "pods", "-A", "--field-selector", f"spec.nodeName={node}", "-o", "json")
    for pod in json.loads(shown)["items"]:
        address = pod["status"].get("podIP")
        if address and not pod["spec"].get("hostNetwork") and ip_address(address) not in ip_network(cidr):
            metadata = pod["metadata"]
            kubectl(session, "delete", "pod", "-n", metadata["namespace"], metadata["name"], "--wait=false")


def taints_of(node: Mapping[str, Any]) -> set[str]:
    """A node's taints as kubectl writes them: `key=value:effect`, `key:effect`."""
    found: list[Mapping[str, str]] = node["spec"].get("taints", [])
    return {f"{one['key']}{'=' + one['value'] if one.get('value') else ''}:{one['effect']}" for one in found}
