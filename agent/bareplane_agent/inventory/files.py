"""Every file with its content's hash, mode and owner."""

from __future__ import annotations

import hashlib
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from typing import Iterator

from ..files import read_text
from ..host import Host

EXCLUDED = frozenset(
    {
        "/proc",
        "/sys",
        "/dev",
        "/run",
        "/tmp",  # noqa: S108
        "/var/log",
        "/var/lib/apt",
        "/var/cache/apt",
        "/var/lib/dpkg",
    }
)
# File systems that hold files of their own; the others are views of the kernel's, or memory. Mounts are a section.
STORED = frozenset({"ext2", "ext3", "ext4", "xfs", "btrfs", "zfs", "f2fs", "vfat", "bcachefs"})
CHUNK = 1 << 20


def files(host: Host) -> dict[str, str]:
    """By path: `<kind> <mode> <uid>:<gid> <hash or target>`."""
    root = host.root or "/"
    found: dict[str, str] = {}
    regular: list[str] = []
    for path, status in _walk(root, host.root, _foreign_mounts()):
        name = path[len(host.root) :] or "/"
        plain = f"{stat.S_IMODE(status.st_mode):04o} {status.st_uid}:{status.st_gid}"
        if stat.S_ISREG(status.st_mode):
            regular.append(path)
            found[name] = f"file {plain}"
        elif stat.S_ISLNK(status.st_mode):
            found[name] = f"link {plain} {os.readlink(path)}"
        else:
            found[name] = f"{_kind(status.st_mode)} {plain}"
    # Hashing lets go of the interpreter, so that two threads use two processors.
    with ThreadPoolExecutor(max_workers=min(4, os.cpu_count() or 1)) as pool:
        for path, digest in zip(regular, pool.map(_hash, regular, chunksize=64)):
            found[path[len(host.root) :]] += f" {digest}"
    return dict(sorted(found.items()))


def _walk(folder: str, root: str, foreign: frozenset[str]) -> Iterator[tuple[str, os.stat_result]]:
    yield folder, os.lstat(folder)
    waiting = [folder]
    while waiting:
        folder = waiting.pop()
        try:
            with os.scandir(folder) as entries:
                children = list(entries)
        except FileNotFoundError:
            continue
        for entry in children:
            if entry.path[len(root) :] in EXCLUDED or entry.path in foreign:
                continue
            try:
                status = entry.stat(follow_symlinks=False)
            except FileNotFoundError:
                continue
            yield entry.path, status
            if stat.S_ISDIR(status.st_mode):
                waiting.append(entry.path)


def _foreign_mounts() -> frozenset[str]:
    """Mount points of file systems that store nothing, such as tmpfs volumes of pods and containers' overlays."""
    found: set[str] = set()
    for line in read_text("/proc/self/mountinfo").splitlines():
        left, _, right = line.partition(" - ")
        place, kind = left.split(" ")[4], right.split(" ")[0]
        if place != "/" and kind not in STORED:
            found.add(place)
    return frozenset(found)


def _hash(path: str) -> str:
    digest = hashlib.sha256()
    try:
        with open(path, "rb", buffering=0) as file:
            while chunk := file.read(CHUNK):
                digest.update(chunk)
    except FileNotFoundError:
        return "vanished"
    return digest.hexdigest()


def _kind(mode: int) -> str:
    for test, name in (
        (stat.S_ISDIR, "directory"),
        (stat.S_ISSOCK, "socket"),
        (stat.S_ISFIFO, "fifo"),
        (stat.S_ISCHR, "character-device"),
    ):
        if test(mode):
            return name
    return "block-device"
