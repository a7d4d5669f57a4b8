"""Gets many artifacts; what only lacks Go is reported once, for all of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bareplane_provider.catalog import toolchain
from bareplane_provider.catalog.cache import Say
from bareplane_provider.catalog.errors import GoMissingError, UnknownArtifactError
from bareplane_provider.catalog.obtain import Catalog

GROUPS = ("toolchain", "traditional", "all")


def fetch(catalog: Catalog, names: Sequence[str], group: str | None, arch: str, version: str | None, say: Say) -> None:
    """Gets everything named and everything of the group. `version` is of the programs that are named."""
    programs, images = chosen(catalog, names)
    jobs: list[Callable[[], object]] = [lambda name=name: catalog.obtain(name, arch, say, version) for name in programs]
    with_toolchain = group in {"toolchain", "all"}
    if group is not None:
        more, more_images = catalog.lock.names(group)
        skipped = set(catalog.lock.names("toolchain")[0]) - set(toolchain.missing(catalog) if with_toolchain else [])
        jobs += [lambda name=name: catalog.obtain(name, arch, say) for name in more if name not in skipped]
        images += [name for name in more_images if name not in images]
    jobs += [lambda name=name: catalog.obtain_image(name, arch, say) for name in images]
    _all(jobs)
    if with_toolchain:
        linked = toolchain.provide(catalog, arch, say)
        say(
            f"toolchain: {', '.join(linked)} in {toolchain.folder(catalog)}"
            if linked
            else "toolchain: the installed one is used"
        )


def chosen(catalog: Catalog, names: Sequence[str]) -> tuple[list[str], list[str]]:
    """Programs and images; a name that both have means the image if it says `image:name`."""
    programs = [name for name in names if not name.startswith("image:")]
    images = [name.removeprefix("image:") for name in names if name.startswith("image:")]
    unknown = [name for name in programs if name not in catalog.lock.programs]
    unknown += [f"image:{name}" for name in images if name not in catalog.lock.images]
    if unknown:
        has = [*catalog.lock.programs, *(f"image:{name}" for name in catalog.lock.images)]
        raise UnknownArtifactError(f"the catalog has no {', '.join(unknown)}; it has {', '.join(has)}")
    return programs, images


def _all(jobs: Sequence[Callable[[], object]]) -> None:
    lacking: list[GoMissingError] = []
    for job in jobs:
        try:
            job()
        except GoMissingError as error:
            lacking.append(error)
    if lacking:
        names = list(dict.fromkeys(name for error in lacking for name in error.artifacts))
        raise GoMissingError(names, lacking[0].found, max(error.needed for error in lacking)) from lacking[0]
