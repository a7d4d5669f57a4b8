"""The server image: mmdebstrap from this machine's archives, kept as a tarball, imported where the engine lacks it."""

from __future__ import annotations

import hashlib
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from bareplane_lab import seed, sources
from bareplane_lab.cache import cache_root, locked
from bareplane_lab.commands import require, run, stream
from bareplane_lab.errors import CommandFailed, ImageError
from bareplane_lab.progress import Progress

RECIPE = Path(__file__).parent / "recipe"
# Merges /usr without the package usrmerge, whose Perl would be a quarter of the image.
MERGED_USR = Path("/usr/share/mmdebstrap/hooks/maybe-merged-usr")
REPOSITORY = "bareplane-lab/server"
# Only text for people; programs in a server run without it.
LEFT_OUT = (
    "/usr/share/doc/*",
    "/usr/share/man/*",
    "/usr/share/locale/*",
    "/usr/share/info/*",
    "/usr/share/perl/5*/pod/*",
)


@dataclass(frozen=True)
class Image:
    """A server image by the hash of everything it is made from."""

    key: str

    @property
    def name(self) -> str:
        return f"{REPOSITORY}:{self.key}"

    @property
    def tarball(self) -> Path:
        return cache_root() / "lab" / f"server-{self.key}.tar"


def ensure(progress: Progress) -> Image:
    """Returns the image once the engine has it; builds and imports only what is missing."""
    with locked(cache_root() / "lab" / "image.lock"):
        require("apt-get")
        origin = sources.of_this_machine()
        image = Image(recipe_key(origin, RECIPE))
        if run(["docker", "images", "--quiet", image.name], "looking for the server image").strip():
            return image
        if not image.tarball.exists():
            with progress.step(f"building the server image ({origin.codename}, about a minute)"):
                _build(origin, image.tarball, progress)
        with progress.step(f"importing the server image ({image.tarball.stat().st_size / 1e6:.0f} MB)"):
            run(
                ["docker", "import", "--change", f'CMD ["{seed.ENTRY}"]', str(image.tarball), image.name],
                f"importing the server image {image.tarball}",
            )
        return image


def packages() -> tuple[str, ...]:
    return tuple((RECIPE / "packages.txt").read_text().split())


def recipe_key(origin: sources.Sources, recipe: Path) -> str:
    """Content key of release, archives, packages and scripts; the same inputs find the same tarball."""
    digest = hashlib.sha256(repr((origin.codename, origin.lines, LEFT_OUT, os.uname().machine)).encode())
    for file in sorted(path for path in recipe.iterdir() if path.is_file()):
        digest.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()[:12]


def _build(origin: sources.Sources, tarball: Path, progress: Progress) -> None:
    require("mmdebstrap")
    for stale in tarball.parent.glob("*.partial"):
        stale.unlink()
    # A killed run's mmdebstrap may still be writing to its own.
    partial = tarball.with_suffix(f".{os.getpid()}.partial")
    command = [
        "mmdebstrap",
        "--variant=minbase",
        "--format=tar",
        f"--include={','.join(packages())}",
        *(f"--aptopt={option}" for option in origin.options),
        *(f"--hook-dir={directory}" for directory in (MERGED_USR,) if directory.is_dir()),
        "--dpkgopt=force-unsafe-io",
        *(f"--dpkgopt=path-exclude={path}" for path in LEFT_OUT),
        f"--customize-hook={RECIPE / 'customize.sh'}",
        origin.codename,
        str(partial),
        *origin.lines,
    ]
    try:
        stream(command, "building the server image", lambda line: _show(line, progress))
    except CommandFailed as error:
        partial.unlink(missing_ok=True)
        raise ImageError(f"{error}\ntry: apt-get update, and see whether this machine reaches its archives") from error
    shutil.move(partial, tarball)


def _show(line: str, progress: Progress) -> None:
    if line.startswith("I: ") and line.endswith("..."):
        progress.say(f"  mmdebstrap: {line[3:-3]}")
