"""A control plane's components in both forms: kubeadm on the machine says what they are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bareplane_provider.errors import BareplaneError
from bareplane_provider.kinds.items import Item, command, directory, file, key
from bareplane_provider.kubeadm.manifests import Pod, pods
from bareplane_provider.paths import MANIFESTS, program
from bareplane_provider.transport.session import Session
from bareplane_templates import source

START_SECONDS = 240
STARTED = "static pods"
OTHER_FORM = (
    "a running cluster's control plane does not pass between processes and static pods; put cluster.controlPlane.form "
    "back, or make a new cluster"
)


def kubeadm_pods(session: Session, phase: Sequence[str], config: str, wanted: Iterable[str]) -> dict[str, Pod]:
    """The pods that a phase of kubeadm's makes of `config`, by name. BareplaneError with its words when it fails."""
    done = session.run(
        ["sh", "-c", source("manifests.sh"), "manifests", program("kubeadm"), *phase],
        stdin=config.encode(),
        timeout=120,
    )
    if done.status != 0:
        words = done.stderr.decode(errors="replace")
        raise BareplaneError(f"{session.name}: asking kubeadm for the phase {' '.join(phase)} failed: {words}")
    return pods(done.stdout.decode(), wanted)


def static_pods(manifests: dict[str, str]) -> list[Item]:
    """Manifests by name, where the kubelet looks for them; when one was changed, its pod's new start is waited for."""
    paths = {name: f"{MANIFESTS}/{name}.yaml" for name in manifests}
    arguments = [MANIFESTS, str(START_SECONDS), *manifests]
    return [
        directory(MANIFESTS, "0700"),
        *(file(paths[name], text, "0600") for name, text in manifests.items()),
        command(
            STARTED,
            ["sh", "-c", source("static-pods.sh"), "static-pods", *arguments],
            rerun_on=[key(path) for path in paths.values()],
        ),
    ]
