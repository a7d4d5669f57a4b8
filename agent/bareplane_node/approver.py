"""Approves a kubelet's request for a serving certificate when it asks for its own name and its own addresses only.

What a node says of its addresses it may make up: they count only where no other node has them and no Service can.
"""

from __future__ import annotations

import base64
import re
from http.client import HTTPException
from ipaddress import IPv4Network, ip_address
from typing import Any, Dict, List, Set

from bareplane_node.api import Api, ApiError, log
from bareplane_node.certificate_request import COMMON_NAME, ORGANIZATION, parse
from bareplane_node.network import addresses

Object = Dict[str, Any]
SIGNER = "kubernetes.io/kubelet-serving"
REQUESTS = "/apis/certificates.k8s.io/v1/certificatesigningrequests"
USAGES = {"digital signature", "key encipherment", "server auth"}


def run(api: Api, config: Object) -> None:
    """For ever: looks at every request that nobody has decided."""
    refused: Set[str] = set()
    for requests in api.snapshots(f"{REQUESTS}?fieldSelector=spec.signerName%3D{SIGNER}"):
        refused &= {request["metadata"]["uid"] for request in requests}
        for request in requests:
            decide(api, request, refused, config["serviceSubnet"])


def decide(api: Api, request: Object, refused: Set[str], services: str) -> None:
    """Approve it, or say once why not; it is looked at again later, when its node may have told its addresses."""
    status: Object = request.get("status") or {}
    if status.get("conditions"):
        return
    name, uid = request["metadata"]["name"], request["metadata"]["uid"]
    try:
        reason = objection(request, api, services)
        if reason is None:
            approve(api, request)
            log(f"{name} of {request['spec']['username']} approved")
        elif uid not in refused:
            refused.add(uid)
            log(f"{name} of {request['spec']['username']} left alone: {reason}")
    except (ApiError, OSError, HTTPException) as error:
        log(f"{name}: {error}")


def objection(request: Object, api: Api, services: str) -> "str | None":
    """Why this request may not be approved; None when it may. `services`: the service subnet."""
    spec = request["spec"]
    user = spec["username"]
    if not re.fullmatch(r"system:node:[a-z0-9]([-a-z0-9.]*[a-z0-9])?", user):
        return "the requester is no node"
    if "system:nodes" not in (spec.get("groups") or []):
        return "the requester is not in system:nodes"
    if not set(spec.get("usages") or []) <= USAGES:
        return f"usages {sorted(spec['usages'])} are more than serving"
    try:
        wanted = parse(base64.b64decode(spec["request"]))
    except ValueError as error:
        return f"it cannot be read: {error}"
    if sorted(wanted.subject) != sorted([(ORGANIZATION, "system:nodes"), (COMMON_NAME, user)]):
        return f"its subject {wanted.subject} is not the requester's"
    if wanted.others:
        return f"it asks for more than names: {', '.join(wanted.others)}"
    own = own_names(user[len("system:node:") :], api.get("/api/v1/nodes").get("items") or [], IPv4Network(services))
    if not wanted.names or not set(wanted.names) <= own:
        return f"it asks for {sorted(wanted.names)}, the node's own are {sorted(own)}"
    return None


def own_names(name: str, nodes: List[Object], services: IPv4Network) -> Set[str]:
    """The node's name, and those of its addresses that are nobody else's. Empty for a node that does not exist."""
    claimed = {node["metadata"]["name"]: {one["address"] for one in addresses(node)} for node in nodes}
    if name not in claimed:
        return set()
    others = {address for node, theirs in claimed.items() if node != name for address in theirs}
    return {name} | {one for one in claimed[name] - others if is_machine_address(one, services)}


def is_machine_address(text: str, services: IPv4Network) -> bool:
    try:
        address = ip_address(text)
    except ValueError:
        return False
    return address not in services and not address.is_loopback and not address.is_unspecified


def approve(api: Api, request: Object) -> None:
    condition = {
        "type": "Approved",
        "status": "True",
        "reason": "BareplaneApproved",
        "message": "The requester is a node and asks for its own addresses.",
    }
    conditions: List[Object] = [condition]
    api.put(
        f"{REQUESTS}/{request['metadata']['name']}/approval",
        {**request, "status": {**(request.get("status") or {}), "conditions": conditions}},
    )
