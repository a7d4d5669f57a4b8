"""`AppDeployment`: an app as objects of the cluster, with a report of how it is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from bareplane.specs import AppDeploymentSpec
from bareplane_provider.errors import BareplaneError
from bareplane_provider.kinds.app_instance import LINES
from bareplane_provider.kinds.control_planes import answering, kubectl
from bareplane_provider.kinds.manifest import Manifests
from bareplane_provider.plugin.kind import Context, Outputs, State
from bareplane_provider.transport.session import Session

LABEL = "app.kubernetes.io/name"


class AppDeployment(Manifests[AppDeploymentSpec]):
    name = "AppDeployment"
    spec = AppDeploymentSpec
    secret_outputs = frozenset({"log"})

    def as_made(self, spec: AppDeploymentSpec, session: Session) -> Outputs:
        return {**super().as_made(spec, session), **report(spec, session)}

    def read(self, id: str, state: State, context: Context) -> Outputs | None:
        found = super().read(id, state, context)
        spec = self.parse(state.inputs)
        if found is None or found["facts"][self.service] != {"answers": "yes"}:
            return found
        with answering(spec.control_planes, context) as session:
            return {**found, **report(spec, session)}


def report(spec: AppDeploymentSpec, session: Session) -> dict[str, Any]:
    """How the app is now, as far as the cluster tells; it differs from one look to the next, so that it is no fact."""
    shown = asked(session, "get", "deployment,service", spec.app, "--ignore-not-found", "-o", "json")
    found = {one["kind"]: one for one in json.loads(shown)["items"]} if shown.strip() else {}
    lines = asked(session, "logs", "--selector", f"{LABEL}={spec.app}", f"--tail={LINES}", "--max-log-requests=50")
    return {
        "state": state_of(found["Deployment"]) if "Deployment" in found else "absent",
        "addresses": addresses(found["Service"], session) if "Service" in found else [],
        "log": lines.splitlines(),
    }


def asked(session: Session, *arguments: str) -> str:
    """What kubectl says; nothing where it fails, as it does for the log of a container that has not started."""
    try:
        return kubectl(session, *arguments, timeout=30)
    except BareplaneError:
        return ""


def state_of(deployment: Mapping[str, Any]) -> str:
    ready, wished = deployment["status"].get("readyReplicas", 0), deployment["spec"]["replicas"]
    return "running" if ready >= wished else f"{ready} of {wished} running"


def addresses(service: Mapping[str, Any], session: Session) -> list[str]:
    """Where the app answers: at its own address, on every node, or within the cluster."""
    spec = service["spec"]
    port = spec["ports"][0]
    if spec["type"] == "LoadBalancer":
        given = service.get("status", {}).get("loadBalancer", {}).get("ingress", [])
        return [f"{one.get('ip') or one.get('hostname')}:{port['port']}" for one in given]
    if spec["type"] == "ClusterIP":
        return [f"{spec['clusterIP']}:{port['port']}"]
    internal = '{range .items[*]}{.status.addresses[?(@.type=="InternalIP")].address}{"\\n"}{end}'
    nodes = asked(session, "get", "nodes", "-o", f"jsonpath={internal}")
    return [f"{one}:{port['nodePort']}" for one in nodes.split()]
