"""The order in which an artifact is looked for: cache, mirror, upstream, build."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Sequence
from functools import cache as once

from bareplane_provider.catalog.artifacts import Artifact, Image
from bareplane_provider.catalog.cache import Cache, cache_root
from bareplane_provider.catalog.digest import sha256_of
from bareplane_provider.catalog.errors import UnavailableError
from bareplane_provider.catalog.gobuild import GoBuild
from bareplane_provider.catalog.lock import ImageEntry, Lock, check_arch, read_lock
from bareplane_provider.catalog.mirror import Mirror, open_shelf
from bareplane_provider.catalog.oci import FORMAT, Contents, write_archive
from bareplane_provider.catalog.records import Record
from bareplane_provider.catalog.sources import ArtifactSource, Missing, Say, Staged
from bareplane_provider.catalog.upstream import Upstream
from bareplane_provider.catalog.wanted import Wanted, wanted
from bareplane_provider.catalog.web import Internet


def silent(_: str) -> None:
    """Says nothing."""


class Catalog:
    """Provides artifacts out of one cache, filling it from the sources in their order."""

    def __init__(
        self, lock: Lock, cache: Cache, sources: Sequence[ArtifactSource], mirror: Mirror | None = None
    ) -> None:
        self.lock = lock
        self.cache = cache
        self.sources = tuple(sources)
        self._mirror = mirror

    def obtain(self, name: str, arch: str = "amd64", progress: Say = silent, version: str | None = None) -> Artifact:
        """The program, verified; blocks while it is downloaded or built. Raises CatalogError."""
        what = wanted(self.lock, name, arch, version)
        record = self._cached_or(what.key, what.recipes, progress, lambda: self._fill(what, progress))
        return Artifact(
            name=name,
            version=record.version,
            path=self.cache.object(record.sha256),
            sha256=record.sha256,
            size=record.size,
            compressed=self.cache.compressed(record.sha256),
            compressed_sha256=record.compressed_sha256,
            compressed_size=record.compressed_size,
        )

    def obtain_image(self, name: str, arch: str = "amd64", progress: Say = silent) -> Image:
        """The image, verified; made from its program where no mirror has it. Raises CatalogError."""
        check_arch(arch)
        entry = self.lock.image(name)
        key = self.image_key(name, arch)
        recipe = _image_recipe(entry, wanted(self.lock, entry.program, arch))
        record = self._cached_or(
            key, frozenset({recipe}), progress, lambda: self._fill_image(key, name, entry, arch, recipe, progress)
        )
        return Image(
            name=name,
            reference=entry.reference,
            digest=record.digest or "",
            archive=self.cache.object(record.sha256),
            sha256=record.sha256,
            size=record.size,
            compressed=self.cache.compressed(record.sha256),
            compressed_sha256=record.compressed_sha256,
            compressed_size=record.compressed_size,
            pulled_from=entry.pulled_from,
        )

    def image_key(self, name: str, arch: str) -> str:
        """Names the record of an image in the cache; that of a program is named by `wanted`."""
        return f"image-{name}-{self.lock.version(self.lock.image(name).program)}-{arch}"

    def _cached_or(self, key: str, recipes: frozenset[str], say: Say, fill: Callable[[], Record]) -> Record:
        record = self.cache.find(key, recipes)
        if record is None:
            with self.cache.locked(key, say):
                record = self.cache.find(key, recipes) or fill()
        self.cache.verify(key, record)
        return record

    def _fill(self, what: Wanted, say: Say) -> Record:
        began = time.monotonic()
        reasons: list[str] = []
        with self.cache.staging(what.key) as staging:
            for source in self.sources:
                staged = source.get(what, staging, say)
                if isinstance(staged, Missing):
                    reasons.append(staged.reason)
                    continue
                record = self.cache.land(what.key, staged.path, _record(what, staged, time.monotonic() - began))
                say(f"{what.title}: {record.origin}, {_megabytes(record.size)}, {record.seconds:.1f} s")
                return record
        raise UnavailableError(f"{what.title} cannot be had: {'; '.join(reasons)}")

    def _fill_image(self, key: str, name: str, entry: ImageEntry, arch: str, recipe: str, say: Say) -> Record:
        began = time.monotonic()
        with self.cache.staging(key) as staging:
            target = staging / "image.tar"
            if self._mirror is not None:
                found = self._mirror.fetch(key, f"image {name}", frozenset({recipe}), target, say)
                if isinstance(found, Record):
                    return self.cache.land(key, target, found)
            program = self.obtain(entry.program, arch, say)
            contents = Contents(entry.reference, arch, entry.program, entry.user, entry.ports)
            digest = write_archive(contents, program.path.read_bytes(), target)
            record = Record(
                name=name,
                version=program.version,
                arch=arch,
                sha256=sha256_of(target),
                size=target.stat().st_size,
                compressed_sha256="",
                compressed_size=0,
                recipe=recipe,
                origin=f"made from {entry.program} {program.version}",
                seconds=time.monotonic() - began,
                executable=False,
                digest=digest,
            )
            landed = self.cache.land(key, target, record)
        say(f"image {name}: {entry.reference}, {_megabytes(landed.size)}")
        return landed


def _record(what: Wanted, staged: Staged, seconds: float) -> Record:
    return Record(
        name=what.name,
        version=staged.version,
        arch=what.arch,
        sha256=staged.sha256,
        size=staged.path.stat().st_size,
        compressed_sha256="",
        compressed_size=0,
        recipe=staged.recipe,
        origin=staged.origin,
        seconds=round(seconds, 1),
    )


def _image_recipe(entry: ImageEntry, program: Wanted) -> str:
    """Does not need the program itself: an image that is cached is found without it."""
    parts = [
        FORMAT,
        entry.reference,
        entry.user,
        entry.ports,
        program.key,
        program.download_recipe,
        program.build_recipe,
    ]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB"


@once
def default_catalog() -> Catalog:
    """The catalog of this process: the package's lock, the user's cache, and the mirror the user names, if any."""
    web = Internet()
    cache = Cache(cache_root())
    place = os.environ.get("BAREPLANE_MIRROR")
    mirror = Mirror(open_shelf(place, web), place) if place else None
    sources: list[ArtifactSource] = [mirror] if mirror else []
    return Catalog(read_lock(), cache, [*sources, Upstream(cache, web), GoBuild()], mirror)


def obtain(name: str, arch: str = "amd64", progress: Say = silent, version: str | None = None) -> Artifact:
    """A program of the catalog, verified; blocks while it is downloaded or built. Raises CatalogError."""
    return default_catalog().obtain(name, arch, progress, version)


def obtain_image(name: str, arch: str = "amd64", progress: Say = silent) -> Image:
    """An image of the catalog, verified; blocks while it is made. Raises CatalogError."""
    return default_catalog().obtain_image(name, arch, progress)
