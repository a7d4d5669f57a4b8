"""Items: what a phase wants on a machine, as the agent takes them (docs/architecture.md has the table)."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bareplane_provider.catalog import Artifact, Image
from bareplane_provider.paths import CONTAINERD_SOCKET, SEARCH_PATH, program, unit_file
from bareplane_provider.transport.blob import Blob

Item = dict[str, Any]
KUBERNETES_IMAGES = "k8s.io"
"""containerd's namespace for what a kubelet runs."""
DOCKER_IMAGES = "moby"
"""containerd's namespace for what Docker runs."""


@dataclass(frozen=True)
class Plan:
    """The items of one phase, in order, and the blobs some of them need, by sha256."""

    items: Sequence[Item]
    blobs: Mapping[str, Blob]


def plan(*items: Item, artifacts: Sequence[Artifact | Image] = ()) -> Plan:
    """A plan of these items; `artifacts` are what its uploads refer to."""
    return Plan(items, {one.sha256: blob(one) for one in artifacts})


def blob(artifact: Artifact | Image) -> Blob:
    path = artifact.archive if isinstance(artifact, Image) else artifact.path
    return Blob(path=path, compressed=artifact.compressed, size=artifact.size)


def file(path: str, content: str | bytes, mode: str = "0644", *, sensitive: bool = False) -> Item:
    """A file of root's with this content; `sensitive` content is never shown."""
    data = content.encode() if isinstance(content, str) else content
    item: Item = {
        "type": "file",
        "path": path,
        "content": base64.b64encode(data).decode(),
        "mode": mode,
        "owner": "root",
        "group": "root",
        "foreign": "refuse",
    }
    return {**item, "sensitive": True} if sensitive else item


def secret_file(path: str, content: str) -> Item:
    """A file only root can read."""
    return file(path, content, "0600", sensitive=True)


def upload(path: str, artifact: Artifact, mode: str = "0755") -> Item:
    """A program of the catalog, streamed to the machine and checked there."""
    return {
        "type": "file",
        "path": path,
        "upload": artifact.sha256,
        "mode": mode,
        "owner": "root",
        "group": "root",
        "foreign": "refuse",
    }


def directory(path: str, mode: str = "0755", *, tree: bool = False, owned: bool = True) -> Item:
    """A directory; with `tree` all that comes to stand in it is ours; `owned` False leaves owner and mode to others."""
    item: Item = {"type": "directory", "path": path, "tree": tree}
    return {**item, "mode": mode, "owner": "root", "group": "root"} if owned else item


def symlink(path: str, target: str) -> Item:
    return {"type": "symlink", "path": path, "target": target}


def line(path: str, text: str) -> Item:
    """One line in a file that belongs to somebody else."""
    return {"type": "line", "path": path, "line": text}


def module(name: str) -> Item:
    return {"type": "module", "name": name}


def sysctl(key: str, value: str) -> Item:
    return {"type": "sysctl", "key": key, "value": value}


def unit(name: str, text: str) -> Item:
    """The file of a systemd unit of ours."""
    return file(unit_file(name), text)


def running(name: str, *restart_on: str, ready: Sequence[str] | None = None, timeout: int = 120) -> Item:
    """A unit that runs now and after a reboot; restarted when its file, or one of the item keys given, was changed.

    `ready` is an argv polled until it exits with 0, at most `timeout` seconds.
    """
    item: Item = {
        "type": "unit",
        "name": name,
        "enabled": True,
        "active": True,
        "own_drop_ins": True,
        "restart_on": [key(unit_file(name)), *restart_on],
    }
    return {**item, "ready": list(ready), "ready_timeout": timeout} if ready else item


def target(name: str) -> Item:
    """A unit of the system's own that is to be up, such as a target; whether it is enabled is not our matter."""
    return {"type": "unit", "name": name, "enabled": None, "active": True}


def command(
    name: str,
    argv: Sequence[str],
    *,
    produces: Sequence[Mapping[str, Any]] = (),
    unless: Sequence[str] | None = None,
    rerun_on: Sequence[str] = (),
    replace: bool = False,
    timeout: int | None = None,
) -> Item:
    """A program run when what it produces is missing or wrong, `unless` fails, or an item of `rerun_on` was changed."""
    item: Item = {
        "type": "command",
        "name": name,
        "argv": list(argv),
        "environment": {"PATH": SEARCH_PATH},
        "produces": [dict(one) for one in produces],
        "rerun_on": list(rerun_on),
        "replace": replace,
    }
    if unless is not None:
        item["unless"] = list(unless)
    if timeout is not None:
        item["timeout"] = timeout
    return item


def content(path: str) -> dict[str, Any]:
    """A file whose right content is what the command wrote."""
    return {"path": path, "check": "content"}


def certificate(stem: str, ca: str) -> list[dict[str, Any]]:
    """What a `kubeadm … certs` phase writes: `<stem>.crt`, compared by issuer, SANs, key and life, and `<stem>.key`."""
    return [
        {"path": f"{stem}.crt", "check": "certificate", "ca": ca, "key": f"{stem}.key"},
        {"path": f"{stem}.key"},
    ]


def kubeconfig(path: str, ca: str) -> dict[str, Any]:
    """A kubeconfig with an embedded client certificate, which is compared as certificates are."""
    return {"path": path, "check": "kubeconfig", "ca": ca}


def image(of: Image, namespace: str = KUBERNETES_IMAGES) -> Item:
    """An image in containerd's store, streamed to the machine."""
    return {**stored(of.reference, namespace), "digest": of.digest, "upload": of.sha256}


def pull_item(reference: str, namespace: str = KUBERNETES_IMAGES) -> Item:
    """An image in containerd's store, pulled by the machine itself."""
    return {**stored(reference, namespace), "pull": True}


def stored(reference: str, namespace: str) -> Item:
    return {
        "type": "image",
        "reference": reference,
        "namespace": namespace,
        "ctr": program("ctr"),
        "address": CONTAINERD_SOCKET,
    }


def residue(what: str) -> Item:
    """Something that running leaves behind and that goes when the phase is undone."""
    return {"type": "residue", "what": what}


def key(path: str) -> str:
    """The key of a file item."""
    return f"file {path}"
