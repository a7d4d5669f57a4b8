"""`Images`: images in an engine's store before any pod or app asks for them."""

from __future__ import annotations

import hashlib

from bareplane.specs import ImagesSpec
from bareplane_provider import catalog
from bareplane_provider.facts import MachineFacts
from bareplane_provider.kinds.base import contains_unknown
from bareplane_provider.kinds.items import DOCKER_IMAGES, KUBERNETES_IMAGES, Item, Plan, image, plan, pull_item
from bareplane_provider.kinds.phase import Phase
from bareplane_provider.plugin.kind import Context, Failure, Inputs
from bareplane_provider.transport.session import Session

NAMESPACES = {"containerd": KUBERNETES_IMAGES, "docker": DOCKER_IMAGES}
"""Docker keeps its images in containerd's store, too, in a namespace of its own."""
# Succeeds when the registry's port answers from the machine within three seconds.
REACH = ["timeout", "3", "bash", "-c", 'exec 3<>"/dev/tcp/$1/443"', "reach"]


class Images(Phase[ImagesSpec]):
    name = "Images"
    spec = ImagesSpec
    slug = "images"
    deadline = 1800
    immutable = Phase.immutable | {"engine"}

    def entry(self, spec: ImagesSpec) -> str:
        # A node may have a second engine, whose images are another resource.
        own = super().entry(spec)
        return own if spec.engine == "containerd" else f"{own}-{spec.engine}"

    def check(self, inputs: Inputs) -> list[Failure]:
        refused = super().check(inputs)
        # Of a new stack more than this is not known yet.
        names = inputs.get("names", ())
        if refused or contains_unknown(names):
            return refused
        failures: list[Failure] = []
        for name in names:
            try:
                catalog.read_lock().image(name)
            except catalog.UnknownArtifactError as error:
                failures.append(Failure("names", str(error)))
        return failures

    def items(self, spec: ImagesSpec, machine: MachineFacts) -> list[Item]:
        return []

    def needs(self, inputs: Inputs) -> catalog.Needs:
        return catalog.Needs(images=frozenset(self.parse(inputs).names))

    def plan(self, spec: ImagesSpec, machine: MachineFacts, session: Session, context: Context) -> Plan:
        pulled, store = pulled_by(spec, session), NAMESPACES[spec.engine]
        images = {
            name: catalog.obtain_image(name, machine.arch, context.progress)
            for name in spec.names
            if name not in pulled
        }
        items = [
            pull_item(catalog.read_lock().image(name).reference, store)
            if name in pulled
            else image(images[name], store)
            for name in spec.names
        ]
        return plan(*items, artifacts=list(images.values()))

    def fingerprint(self, spec: ImagesSpec, machine: MachineFacts) -> str:
        references = [catalog.read_lock().image(name).reference for name in spec.names]
        return hashlib.sha256("\n".join(references).encode()).hexdigest()[:16]


def pulled_by(spec: ImagesSpec, session: Session) -> set[str]:
    """Images the machine fetches by itself: told so, or their registry can be reached from there (asked once each)."""
    if spec.source == "preload":
        return set()
    entries = {name: catalog.read_lock().image(name).pulled_from for name in spec.names}
    registries = {name: upstream.partition("/")[0] for name, upstream in entries.items() if upstream is not None}
    if spec.source == "pull":
        return set(registries)
    reached = {one for one in set(registries.values()) if session.run([*REACH, one], timeout=15).status == 0}
    return {name for name, registry in registries.items() if registry in reached}
