"""Approves a kubelet's request for a serving certificate when it asks for its own name and its own addresses only."""

from __future__ import annotations

import base64
import re
import subprocess
from typing import Any, Dict, List, Set, Tuple

from bareplane_node.api import Api, ApiError, log
from bareplane_node.network import addresses

Object = Dict[str, Any]
SIGNER = "kubernetes.io/kubelet-serving"
REQUESTS = "/apis/certificates.k8s.io/v1/certificatesigningrequests"
USAGES = {"digital signature", "key encipherment", "server auth"}


def run(api: Api, config: Object) -> None:
    """For ever: looks at every request that nobody has decided."""
    refused: Set[str] = set()
    for requests in api.snapshots(f"{REQUESTS}?fieldSelector=spec.signerName%3D{SIGNER}"):
        for request in requests:
            uid = request["metadata"]["uid"]
            status: Object = request.get("status") or {}
            if status.get("conditions"):
                continue
            name = request["metadata"]["name"]
            try:
                reason = objection(request, api)
                if reason is None:
                    approve(api, request)
                    log(f"{name} of {request['spec']['username']} approved")
                elif uid not in refused:
                    # Looked at again with every change: a node may not have told its addresses yet.
                    refused.add(uid)
                    log(f"{name} of {request['spec']['username']} left alone: {reason}")
            except ApiError as error:
                log(f"{name}: {error}")


def objection(request: Object, api: Api) -> "str | None":
    """Why this request may not be approved; None when it may."""
    spec = request["spec"]
    user = spec["username"]
    if not re.fullmatch(r"system:node:[a-z0-9]([-a-z0-9.]*[a-z0-9])?", user):
        return "the requester is no node"
    if "system:nodes" not in (spec.get("groups") or []):
        return "the requester is not in system:nodes"
    if not set(spec.get("usages") or []) <= USAGES:
        return f"usages {sorted(spec['usages'])} are more than serving"
    subject, names, others = certificate_request(base64.b64decode(spec["request"]))
    if subject != {("CN", user), ("O", "system:nodes")}:
        return f"its subject {sorted(subject)} is not the requester's"
    node = api.get(f"/api/v1/nodes/{user[len('system:node:') :]}")
    own = {one["address"] for one in addresses(node)}
    if others or not names or not names <= own:
        return f"it asks for {sorted(names | others)}, the node's addresses are {sorted(own)}"
    return None


def certificate_request(pem: bytes) -> Tuple[Set[Tuple[str, str]], Set[str], Set[str]]:
    """Subject attributes, DNS names and IP addresses, and any other kind of name, of a PEM certificate request."""
    argv = ["openssl", "req", "-noout", "-verify", "-subject", "-nameopt", "sep_multiline,utf8", "-text"]
    done = subprocess.run(argv, input=pem, check=True, capture_output=True, timeout=30)
    return parse(done.stdout.decode())


def parse(text: str) -> Tuple[Set[Tuple[str, str]], Set[str], Set[str]]:
    """What `certificate_request` returns, from openssl's words."""
    head = text[text.find("subject=") :].splitlines()[1:]
    subject: Set[Tuple[str, str]] = set()
    for line in head:
        match = re.fullmatch(r" +([A-Za-z]+)=(.*)", line)
        if not match:
            break
        subject.add((match.group(1), match.group(2)))
    names: Set[str] = set()
    others: Set[str] = set()
    lines = text.splitlines()
    for index, line in enumerate(lines):
        if "X509v3 Subject Alternative Name" in line and index + 1 < len(lines):
            for part in lines[index + 1].strip().split(", "):
                kind, _, value = part.partition(":")
                (names if kind in ("DNS", "IP Address") else others).add(value if value else part)
    return subject, names, others


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
