"""`Images`: images in containerd's store before any pod asks for them."""

from __future__ import annotations

import hashlib

from bareplane.specs import ImagesSpec
from bareplane_provider import catalog
from bareplane_provider.facts import MachineFacts
from bareplane_provider.kinds.items import Item, Plan, image, plan, pull_item
from bareplane_provider.kinds.phase import Phase
from bareplane_provider.plugin.kind import Context
from bareplane_provider.transport.session import Session

# Succeeds when the registry's port answers from the machine within three seconds.
REACH = ["timeout", "3", "bash", "-c", 'exec 3<>"/dev/tcp/$1/443"', "reach"]


class Images(Phase[ImagesSpec]):
    name = "Images"
    spec = ImagesSpec
    slug = "images"
    deadline = 1800

    def items(self, spec: ImagesSpec, machine: MachineFacts) -> list[Item]:
        return []

    def plan(self, spec: ImagesSpec, machine: MachineFacts, session: Session, context: Context) -> Plan:
        pulled = [name for name in spec.names if self.is_pulled(name, spec, session)]
        images = {
            name: catalog.obtain_image(name, machine.arch, context.progress)
            for name in spec.names
            if name not in pulled
        }
        items = [
            pull_item(catalog.read_lock().image(name).reference) if name in pulled else image(images[name])
            for name in spec.names
        ]
        return plan(*items, artifacts=list(images.values()))

    def is_pulled(self, name: str, spec: ImagesSpec, session: Session) -> bool:
        """Whether the machine fetches the image by itself: told so, or its registry can be reached from there."""
        upstream = catalog.read_lock().image(name).pulled_from
        if upstream is None or spec.source == "preload":
            return False
        registry = upstream.partition("/")[0]
        return spec.source == "pull" or session.run([*REACH, registry], timeout=15).status == 0

    def fingerprint(self, spec: ImagesSpec, machine: MachineFacts) -> str:
        references = [catalog.read_lock().image(name).reference for name in spec.names]
        return hashlib.sha256("\n".join(references).encode()).hexdigest()[:16]
