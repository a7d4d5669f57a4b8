"""`python -m bareplane_provider.catalog`: fills, lists and checks the cache."""

from __future__ import annotations

import argparse
import sys

from bareplane_provider.catalog import toolchain
from bareplane_provider.catalog.errors import CatalogError, ChecksumError
from bareplane_provider.catalog.fetch import GROUPS, chosen, fetch
from bareplane_provider.catalog.lock import ARCHES, HERE
from bareplane_provider.catalog.obtain import Catalog, default_catalog
from bareplane_provider.catalog.progress import say


def list_all(catalog: Catalog) -> None:
    """What the lock has, and what of it the cache has."""
    for name, entry in catalog.lock.programs.items():
        print(f"{name:28} {', '.join(catalog.lock.sources[entry.source].versions):12} {', '.join(entry.groups)}")
    for name, entry in catalog.lock.images.items():
        print(f"{f'image:{name}':28} {entry.reference}  {', '.join(entry.groups)}")
    print(f"\nin {catalog.cache.root}:")
    for key in catalog.cache.records.keys():  # noqa: SIM118 -- not a dict
        record = catalog.cache.records.find(key)
        if record is not None:
            sizes = f"{record.size / 1e6:7.1f} MB, {record.compressed_size / 1e6:6.1f} MB packed"
            print(f"{key:40} {sizes}, {record.seconds:6.1f} s, {record.origin}")


def print_path(catalog: Catalog, name: str, arch: str, version: str | None) -> None:
    """The verified file's path; got first if need be."""
    programs, images = chosen(catalog, [name])
    for program in programs:
        print(catalog.obtain(program, arch, say, version).path)
    for image in images:
        print(catalog.obtain_image(image, arch, say).archive)


def verify(catalog: Catalog) -> None:
    """Compares everything in the cache with its sha256; reports all that is wrong."""
    wrong: list[ChecksumError] = []
    keys = catalog.cache.records.keys()
    for key in keys:
        record = catalog.cache.records.find(key)
        if record is None or not catalog.cache.object(record.sha256).is_file():
            say(f"{key}: recorded, but its file is gone; it will be fetched when it is needed")
            continue
        try:
            catalog.cache.verify(key, record)
        except ChecksumError as error:
            wrong.append(error)
    if wrong:
        raise ChecksumError("\n".join(map(str, wrong)))
    say(f"{len(keys)} artifacts are what they should be")


def parser() -> argparse.ArgumentParser:
    """The command line."""
    top = argparse.ArgumentParser(prog="python -m bareplane_provider.catalog", description=__doc__)
    commands = top.add_subparsers(dest="command", required=True)
    getting = commands.add_parser("fetch", help="get artifacts: from the cache, a mirror, upstream, or a build")
    getting.add_argument("names", nargs="*", help="programs, and images as image:NAME")
    getting.add_argument("--group", choices=GROUPS)
    one = commands.add_parser("path", help="print where an artifact stands, after getting and verifying it")
    one.add_argument("name")
    for command in (getting, one):
        command.add_argument("--arch", choices=ARCHES, default=HERE)
        command.add_argument("--version", help="of the named programs, where the lock has several")
    commands.add_parser("list", help="what there is, and what is cached")
    commands.add_parser("verify", help="compare everything cached with its sha256")
    commands.add_parser("toolchain-path", help="print the directory of the fetched toolchain, for PATH")
    return top


def main() -> int:
    """Runs one command; the exit status."""
    options = parser().parse_args()
    try:
        catalog = default_catalog()
        match options.command:
            case "fetch":
                fetch(catalog, options.names, options.group, options.arch, options.version, say)
            case "path":
                print_path(catalog, options.name, options.arch, options.version)
            case "list":
                list_all(catalog)
            case "verify":
                verify(catalog)
            case _:
                print(toolchain.folder(catalog))
    except CatalogError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
