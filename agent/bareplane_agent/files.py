"""Files: what is there, and replacing it in one step."""

from __future__ import annotations

import contextlib
import errno
import grp
import hashlib
import os
import pwd
import stat
from dataclasses import dataclass
from typing import IO, Generator

from .errors import AgentError, MissingError

CHUNK = 1024 * 1024


@dataclass(frozen=True)
class Seen:
    """One path as found: `what` is file, directory, symlink, other or absent."""

    what: str
    mode: str = ""
    owner: str = ""
    target: str = ""


def look(path: str) -> Seen:
    """What is at a path, without following a symbolic link in its last part."""
    try:
        found = os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return Seen("absent")
    kind = "other"
    target = ""
    if stat.S_ISREG(found.st_mode):
        kind = "file"
    elif stat.S_ISDIR(found.st_mode):
        kind = "directory"
    elif stat.S_ISLNK(found.st_mode):
        kind, target = "symlink", os.readlink(path)
    return Seen(kind, f"{stat.S_IMODE(found.st_mode):04o}", owner_name(found.st_uid, found.st_gid), target)


def owner_name(uid: int, gid: int) -> str:
    """`user:group`, by name where they have one."""
    try:
        user = pwd.getpwuid(uid).pw_name
    except KeyError:
        user = str(uid)
    try:
        group = grp.getgrgid(gid).gr_name
    except KeyError:
        group = str(gid)
    return f"{user}:{group}"


def owner_ids(owner: str) -> tuple[int, int]:
    """The numbers of `user:group`."""
    user, _, group = owner.partition(":")
    try:
        uid = int(user) if user.isdigit() else pwd.getpwnam(user).pw_uid
        gid = int(group) if group.isdigit() else grp.getgrnam(group).gr_gid
    except KeyError as error:
        raise MissingError(f"setting the owner {owner}: {error.args[0]}") from error
    return uid, gid


def sha256_of(path: str) -> str:
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def content_of(path: str, seen: Seen) -> str:
    """The `content` fact of a path."""
    if seen.what == "file":
        return f"sha256:{sha256_of(path)}"
    if seen.what == "symlink":
        return f"symlink:{seen.target}"
    return seen.what


def read_bytes(path: str) -> bytes | None:
    """A whole file, or None when there is none."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except (FileNotFoundError, NotADirectoryError):
        return None


def read_text(path: str) -> str:
    """A whole text file; empty when there is none."""
    return (read_bytes(path) or b"").decode("utf-8", "replace")


def temporary_name(path: str) -> str:
    """The one name a half-written file can have, so that undo finds it after a crash."""
    folder, name = os.path.split(path)
    return os.path.join(folder, f".{name}.bareplane")


@contextlib.contextmanager
def open_new(path: str) -> Generator[IO[bytes], None, None]:
    """A fresh file nobody else can read yet; what fails while it is written names it."""
    remove_file(path)
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600), "wb") as file:
            yield file
    except OSError as error:
        if error.filename is None:
            error.filename = path
        raise


def put_in_place(temporary: str, path: str, mode: str, owner: str) -> None:
    """Give a finished temporary file its mode and owner and move it over `path`."""
    os.chown(temporary, *owner_ids(owner), follow_symlinks=False)
    os.chmod(temporary, int(mode, 8))
    try:
        os.rename(temporary, path)
    except OSError as error:
        remove_file(temporary)
        raise AgentError(f"writing {path}: {error.strerror}") from error


def write_file(path: str, data: bytes, mode: str, owner: str) -> None:
    """Replace a file in one step; it is on disk when this returns."""
    temporary = temporary_name(path)
    with open_new(temporary) as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    put_in_place(temporary, path, mode, owner)


def rewrite(path: str, data: bytes) -> None:
    """Change the content of an existing file, keeping mode and owner; in place where it is a mount (containers)."""
    seen = os.stat(path)
    real = os.path.realpath(path)
    temporary = temporary_name(real)
    try:
        with open_new(temporary) as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chown(temporary, seen.st_uid, seen.st_gid)
        os.chmod(temporary, stat.S_IMODE(seen.st_mode))
        os.rename(temporary, real)
    except OSError as error:
        remove_file(temporary)
        if error.errno not in (errno.EBUSY, errno.EXDEV):
            raise
        with open(real, "r+b") as file:
            file.write(data)
            file.truncate()
            file.flush()
            os.fsync(file.fileno())


def copy_file(source: str, path: str) -> None:
    """A copy only root can read, on disk when this returns."""
    with open(source, "rb") as old, open_new(path) as new:
        while chunk := old.read(CHUNK):
            new.write(chunk)
        new.flush()
        os.fsync(new.fileno())


def remove_file(path: str) -> bool:
    """Delete a file or a symbolic link; false when there was none."""
    try:
        os.unlink(path)
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def missing_parents(path: str) -> list[str]:
    """The directories above a path that do not exist, outermost first."""
    found: list[str] = []
    folder = os.path.dirname(path)
    while folder not in ("", "/") and not os.path.lexists(folder):
        found.append(folder)
        folder = os.path.dirname(folder)
    return found[::-1]


def make_parents(path: str) -> None:
    for folder in missing_parents(path):
        os.mkdir(folder)
        os.chmod(folder, 0o755)  # noqa: S103  What packages install below needs to be found by all.
