"""The control plane's command lines, from the static-pod manifests that kubeadm writes: its own flags in both forms."""

from __future__ import annotations

from typing import Any, cast

import yaml

from bareplane_provider.errors import BareplaneError

COMPONENTS = ("kube-apiserver", "kube-controller-manager", "kube-scheduler")


def command_lines(manifests: str) -> dict[str, list[str]]:
    """Component name to its flags (without the program), from a YAML stream of kubeadm's manifests.

    Raises BareplaneError when a component is missing or a manifest is not what kubeadm 1.36 writes.
    """
    found: dict[str, list[str]] = {}
    for document in yaml.safe_load_all(manifests):
        if document is None:
            continue
        name, argv = command_of(cast("dict[str, Any]", document))
        found[name] = argv[1:]
    missing = [name for name in COMPONENTS if name not in found]
    if missing:
        raise BareplaneError(f"kubeadm wrote no manifest for {', '.join(missing)}")
    return found


def command_of(pod: dict[str, Any]) -> tuple[str, list[str]]:
    try:
        container = pod["spec"]["containers"][0]
        return str(container["name"]), [str(part) for part in container["command"]]
    except (KeyError, IndexError, TypeError) as error:
        raise BareplaneError(f"a manifest that kubeadm wrote has no container command: {error!r}") from error
