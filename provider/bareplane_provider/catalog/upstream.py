"""Downloads from upstream's release hosts, checked against the lock's sha256 or, where it has none, upstream's own."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from urllib.parse import urlsplit

from bareplane_provider.catalog.archive import extract
from bareplane_provider.catalog.cache import Cache
from bareplane_provider.catalog.digest import sha256_of
from bareplane_provider.catalog.errors import ChecksumError, DownloadError
from bareplane_provider.catalog.sources import Missing, Say, Staged
from bareplane_provider.catalog.wanted import Wanted
from bareplane_provider.catalog.web import Web


class Upstream:
    """The hosts that the lock's URLs name."""

    def __init__(self, cache: Cache, web: Web) -> None:
        self._cache = cache
        self._web = web
        self._failed: dict[str, str] = {}

    def get(self, wanted: Wanted, staging: Path, say: Say) -> Staged | Missing:
        url = wanted.url
        if url is None:
            return Missing("upstream publishes no such file")
        if wanted.pinned is None and wanted.checksums_url is None:
            return Missing(f"{url} has no published checksum, and the lock none of its own")
        host = urlsplit(url).netloc
        if host in self._failed:
            return Missing(self._failed[host])
        if not self._web.reachable(url):
            self._failed[host] = f"{host} cannot be reached"
            say(f"{host} cannot be reached; not tried again in this run")
            return Missing(self._failed[host])
        try:
            return self._download(wanted, url, staging, say)
        except DownloadError as error:
            self._failed[host] = str(error)
            say(f"{wanted.title}: {error}")
            return Missing(str(error))

    def _download(self, wanted: Wanted, url: str, staging: Path, say: Say) -> Staged | Missing:
        # Several programs come from one archive: it is kept, so that it is downloaded once.
        kept = self._cache.root / "downloads" / hashlib.sha256(url.encode()).hexdigest()
        with self._cache.locked(f"download-{kept.name}", say):
            expected = wanted.pinned or self._published(wanted, url)
            if expected is None:
                return Missing(f"{url} has no published checksum")
            if not kept.is_file():
                say(f"{wanted.title}: downloading {url}")
                arriving = staging / "download"
                if not self._web.download(url, arriving):
                    return Missing(f"{url} does not exist")
                _check(url, arriving, expected, "try again; if it happens again, the host or a proxy alters files")
                kept.parent.mkdir(parents=True, exist_ok=True)
                arriving.replace(kept)
            else:
                _check(url, kept, expected, f"delete {kept} and run the command again")
            staged = staging / wanted.name
            if wanted.member is None:
                kept.replace(staged)
            else:
                extract(kept, wanted.member, staged)
        return Staged(staged, sha256_of(staged), wanted.version, wanted.download_recipe, url)

    def _published(self, wanted: Wanted, url: str) -> str | None:
        """The checksum from upstream's own file beside the download."""
        if wanted.checksums_url is None:
            return None
        text = self._web.text(wanted.checksums_url)
        if text is None:
            return None
        return published_checksum(text, Path(urlsplit(url).path).name)


def published_checksum(text: str, file: str) -> str | None:
    """The sha256 of `file` in a checksum file: one checksum alone, or lines of checksum and name."""
    words = text.split()
    if len(words) == 1:
        return _sha256(words[0])
    for line in text.splitlines():
        parts = line.split()
        if len(parts) == 2 and Path(parts[1].lstrip("*")).name == file:
            return _sha256(parts[0])
    return None


def _sha256(word: str) -> str | None:
    return word.lower() if re.fullmatch(r"[0-9a-fA-F]{64}", word) else None


def _check(url: str, path: Path, expected: str, remedy: str) -> None:
    found = sha256_of(path)
    if found != expected:
        raise ChecksumError(f"{url} should have sha256 {expected} and has {found}; it was refused; {remedy}")
