"""The static-pod manifests that kubeadm writes: the pods of one form, and the command lines of both."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any, cast

import yaml

from bareplane_provider.errors import BareplaneError
from bareplane_provider.kubeadm.yaml_text import yaml_text

ETCD = "etcd"
COMPONENTS = ("kube-apiserver", "kube-controller-manager", "kube-scheduler")
READS = "bareplane.dev/reads"
"""An annotation that changes with what the pod reads once: the kubelet then starts the pod anew."""

Pod = dict[str, Any]


def pods(manifests: str, wanted: Iterable[str]) -> dict[str, Pod]:
    """The pods by their container's name, from a YAML stream of kubeadm's manifests.

    Raises BareplaneError when one of `wanted` is missing or a manifest is not what kubeadm 1.36 writes.
    """
    found = {container(one)["name"]: one for one in yaml.safe_load_all(manifests) if one is not None}
    missing = [name for name in wanted if name not in found]
    if missing:
        raise BareplaneError(f"kubeadm wrote no manifest for {', '.join(missing)}")
    return found


def flags(pod: Pod) -> list[str]:
    """What stands after the program in the command line of the pod's container."""
    return [str(part) for part in container(pod)["command"]][1:]


def marked(pod: Pod, reads: Iterable[str]) -> str:
    """The pod's manifest, with a mark of the texts it reads once, if any."""
    texts = list(reads)
    if not texts:
        return yaml_text(pod)
    metadata = {**pod["metadata"]}
    digest = hashlib.sha256("\0".join(texts).encode()).hexdigest()
    metadata["annotations"] = {**metadata.get("annotations", {}), READS: digest}
    return yaml_text({**pod, "metadata": metadata})


def container(pod: Any) -> dict[str, Any]:
    try:
        found = cast("dict[str, Any]", pod["spec"]["containers"][0])
        if isinstance(found["name"], str) and isinstance(found["command"], list):
            return found
    except (KeyError, IndexError, TypeError):
        pass
    raise BareplaneError("a manifest that kubeadm wrote has no container with a command")
