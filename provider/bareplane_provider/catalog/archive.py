"""Takes one file out of a tar archive."""

from __future__ import annotations

import shutil
import tarfile
from pathlib import Path

from bareplane_provider.catalog.errors import DownloadError


def extract(archive: Path, member: str, target: Path) -> None:
    """Writes the regular file `member` of `archive` to `target`; a leading `./` in the archive does not matter."""
    try:
        with tarfile.open(archive) as tar:
            for entry in tar:
                if entry.isfile() and entry.name.removeprefix("./") == member:
                    content = tar.extractfile(entry)
                    if content is None:
                        break
                    with content, target.open("wb") as file:
                        shutil.copyfileobj(content, file, 1 << 20)
                    return
    except tarfile.TarError as error:
        raise DownloadError(f"{archive} is not an archive that can be read: {error}") from error
    raise DownloadError(f"{archive} has no {member} in it; upstream's layout has changed")
