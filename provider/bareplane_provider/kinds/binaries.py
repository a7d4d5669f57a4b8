"""`Binaries`: programs of the catalog, installed below /opt/bareplane, each checked by its sha256 on the machine."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor

from bareplane.specs import BinariesSpec
from bareplane_provider import catalog
from bareplane_provider.facts import MachineFacts
from bareplane_provider.kinds.base import contains_unknown
from bareplane_provider.kinds.items import Item, Plan, directory, plan, upload
from bareplane_provider.kinds.phase import Phase
from bareplane_provider.paths import BIN, CNI_BIN
from bareplane_provider.plugin.kind import Context, Failure, Inputs
from bareplane_provider.transport.session import Session

CNI_PLUGINS = frozenset({"bridge", "host-local", "loopback", "portmap"})


class Binaries(Phase[BinariesSpec]):
    name = "Binaries"
    spec = BinariesSpec
    slug = "binaries"
    deadline = 1800

    def check(self, inputs: Inputs) -> list[Failure]:
        refused = super().check(inputs)
        # Of a new stack more than this is not known yet.
        names, version = inputs.get("names", ()), inputs.get("kubernetesVersion")
        if refused or contains_unknown(names) or contains_unknown(version):
            return refused
        lock = catalog.read_lock()
        failures: dict[str, Failure] = {}
        for name in names:
            try:
                lock.version(name, version_of(name, version))
            except catalog.UnknownArtifactError as error:
                # One version is wanted of all that follow Kubernetes': it is told once.
                where = "kubernetesVersion" if name in lock.programs else f"names.{name}"
                failures.setdefault(where, Failure(where.partition(".")[0], str(error)))
        return list(failures.values())

    def items(self, spec: BinariesSpec, machine: MachineFacts) -> list[Item]:
        return [directory(BIN), directory(CNI_BIN)]

    def needs(self, inputs: Inputs) -> catalog.Needs:
        spec = self.parse(inputs)
        return catalog.Needs(
            programs=frozenset((name, version_of(name, spec.kubernetes_version)) for name in spec.names)
        )

    def plan(self, spec: BinariesSpec, machine: MachineFacts, session: Session, context: Context) -> Plan:
        def obtain(name: str) -> catalog.Artifact:
            return catalog.obtain(name, machine.arch, context.progress, version_of(name, spec.kubernetes_version))

        with ThreadPoolExecutor(max_workers=2) as pool:
            artifacts = list(pool.map(obtain, spec.names))
        uploads = [upload(destination(one.name), one) for one in artifacts]
        return plan(*self.items(spec, machine), *uploads, artifacts=artifacts)

    def fingerprint(self, spec: BinariesSpec, machine: MachineFacts) -> str:
        lock = catalog.read_lock()
        pinned = [f"{name} {version_of(name, spec.kubernetes_version) or lock.version(name)}" for name in spec.names]
        return hashlib.sha256("\n".join(pinned).encode()).hexdigest()[:16]


def version_of(name: str, kubernetes_version: str | None) -> str | None:
    """The version to install; None leaves the choice to the catalog, for what does not follow Kubernetes' version."""
    return kubernetes_version if catalog.read_lock().program(name).source == "kubernetes" else None


def destination(name: str) -> str:
    """Where a program of the catalog stands on a machine."""
    return f"{CNI_BIN if name in CNI_PLUGINS else BIN}/{name}"
