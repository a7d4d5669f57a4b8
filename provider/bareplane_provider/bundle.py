"""`python -m bareplane_provider.bundle`: one archive of everything that `pulumi up` of a stack takes from outside.

What that is the program says: the preview lists every resource with its inputs, and each kind knows what it takes from
the catalog. The archive holds a mirror (records, files by sha256), Python's packages, and a checksum of each file.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any

from bareplane_provider.catalog import Artifact, Catalog, CatalogError, Image, Needs, default_catalog
from bareplane_provider.catalog.digest import sha256_of
from bareplane_provider.catalog.lock import ARCHES, HERE
from bareplane_provider.catalog.progress import say
from bareplane_provider.catalog.wanted import wanted
from bareplane_provider.errors import BareplaneError, InputError
from bareplane_provider.kinds import KINDS

CHECKSUMS = "SHA256SUMS"
"""As `sha256sum --check` reads it."""


def needed_by(preview: Mapping[str, Any]) -> Needs:
    """What the resources of a preview (`pulumi preview --json`) take. InputError when it has none of ours."""
    states: list[dict[str, Any]] = [step.get("newState") or {} for step in preview.get("steps", [])]
    ours = [(KINDS[one["type"]], one.get("inputs", {})) for one in states if one.get("type") in KINDS]
    if not ours:
        raise InputError("the preview has no resource of bareplane; give it that of a stack with servers")
    return Needs.together(kind.needs(inputs) for kind, inputs in ours)


def gather(catalog: Catalog, needs: Needs, arches: Sequence[str]) -> Iterator[tuple[str, Artifact | Image]]:
    """Everything needed for these architectures, with the key of its record; got first where it is missing."""
    programs = [(name, None, HERE) for name in catalog.lock.names("toolchain")[0]]
    programs += [(name, version, arch) for arch in arches for name, version in sorted(needs.programs, key=str)]
    for name, version, arch in programs:
        yield wanted(catalog.lock, name, arch, version).key, catalog.obtain(name, arch, say, version)
    for name, arch in product(sorted(needs.images), arches):
        yield catalog.image_key(name, arch), catalog.obtain_image(name, arch, say)


def write(
    output: Path, catalog: Catalog, found: Sequence[tuple[str, Artifact | Image]], wheels: Sequence[Path]
) -> None:
    """The archive: the same bytes for the same content; none rather than half of one."""
    files: dict[str, Path] = {f"wheels/{one.name}": one for one in wheels}
    for key, one in found:
        files[f"mirror/records/{key}.json"] = catalog.cache.records.path(key)
        files[f"mirror/sha256/{one.sha256}.zst"] = one.compressed
    sums = "".join(f"{sha256_of(path)}  {name}\n" for name, path in sorted(files.items()))
    unfinished = output.with_name(f".{output.name}.{os.getpid()}")
    try:
        with tarfile.open(unfinished, "w", format=tarfile.USTAR_FORMAT) as tar:
            tar.addfile(member(CHECKSUMS, len(sums)), io.BytesIO(sums.encode()))
            for name, path in sorted(files.items()):
                with path.open("rb") as file:
                    tar.addfile(member(name, path.stat().st_size), file)
        unfinished.replace(output)
    finally:
        unfinished.unlink(missing_ok=True)


def member(name: str, size: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = size, 0o644
    return entry


def main() -> int:
    """The exit status."""
    parser = argparse.ArgumentParser(prog="python -m bareplane_provider.bundle", description=__doc__)
    parser.add_argument("--preview", type=Path, required=True, help="what `pulumi preview --json` printed")
    parser.add_argument("--wheels", type=Path, required=True, help="a directory with Python's packages")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--arch", choices=ARCHES, action="append", help=f"of the servers, may be repeated; {HERE}")
    options = parser.parse_args()
    try:
        needs = needed_by(json.loads(options.preview.read_bytes()))
        catalog = default_catalog()
        found = list(gather(catalog, needs, options.arch or [HERE]))
        wheels = sorted(options.wheels.iterdir())
        write(options.output, catalog, found, wheels)
    except (BareplaneError, CatalogError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    size = options.output.stat().st_size / 1e6
    say(f"{options.output}: {len(found)} artifacts, {len(wheels)} Python packages, {size:.0f} MB")
    print(f"{sha256_of(options.output)}  {options.output}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
