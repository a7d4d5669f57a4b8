"""What makes a server itself: the files put into its container before the first start."""

from __future__ import annotations

import hashlib
import io
import secrets
import tarfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

# Debian and Ubuntu have a group `operator` of their own.
ROOT, OPERATOR = (0, 0), (1000, 37)

ENTRY = "/usr/local/sbin/lab-entry"
ENTRY_SOURCE = Path(__file__).with_name("entry.sh")

RESOLVERS = (Path("/etc/resolv.conf"), Path("/run/systemd/resolve/resolv.conf"))


@dataclass(frozen=True)
class Identity:
    """A server's name, address, keys (texts) and the name servers it asks."""

    name: str
    address: str
    host_key: str
    host_key_public: str
    client_key_public: str
    nameservers: tuple[str, ...]

    @property
    def digest(self) -> str:
        """Tells a container made for other keys or another address."""
        text = "\n".join((self.name, self.address, self.host_key_public, self.client_key_public))
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def archive(identity: Identity) -> bytes:
    """A tar archive for `docker cp`; the entry command moves `.seed` over the root directory."""
    hosts = (
        "127.0.0.1\tlocalhost\n"
        f"{identity.address}\t{identity.name}\n"
        "::1\tlocalhost ip6-localhost ip6-loopback\n"
        "ff02::1\tip6-allnodes\nff02::2\tip6-allrouters\n"
    )
    files = (
        ("etc/hosts", 0o644, ROOT, hosts),
        ("etc/hostname", 0o644, ROOT, f"{identity.name}\n"),
        ("etc/resolv.conf", 0o644, ROOT, "".join(f"nameserver {server}\n" for server in identity.nameservers)),
        ("etc/machine-id", 0o444, ROOT, f"{secrets.token_hex(16)}\n"),
        ("etc/ssh/ssh_host_ed25519_key", 0o600, ROOT, identity.host_key),
        ("etc/ssh/ssh_host_ed25519_key.pub", 0o644, ROOT, f"{identity.host_key_public} root@{identity.name}\n"),
        ("root/.ssh/authorized_keys", 0o600, ROOT, f"{identity.client_key_public}\n"),
        ("home/operator/.ssh/authorized_keys", 0o600, OPERATOR, f"{identity.client_key_public}\n"),
    )
    now = int(time.time())
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        _add_file(tar, ENTRY.lstrip("/"), 0o755, ROOT, ENTRY_SOURCE.read_text())
        for path, mode, owner in _directories():
            entry = tarfile.TarInfo(f".seed/{path}".rstrip("/"))
            entry.type, entry.mode, (entry.uid, entry.gid), entry.mtime = tarfile.DIRTYPE, mode, owner, now
            tar.addfile(entry)
        for path, mode, owner, text in files:
            _add_file(tar, f".seed/{path}", mode, owner, text)
    return buffer.getvalue()


def nameservers(files: Iterable[Path] = RESOLVERS) -> tuple[str, ...]:
    """This machine's name servers, without those on its loopback: a server cannot reach them."""
    found: list[str] = []
    for file in files:
        if not file.exists():
            continue
        for line in file.read_text().splitlines():
            words = line.split()
            if len(words) > 1 and words[0] == "nameserver":
                server = words[1].partition("%")[0]
                if not ip_address(server).is_loopback and server not in found:
                    found.append(server)
    return tuple(found[:3])


def _add_file(tar: tarfile.TarFile, path: str, mode: int, owner: tuple[int, int], text: str) -> None:
    entry, content = tarfile.TarInfo(path), text.encode()
    entry.size, entry.mode, (entry.uid, entry.gid), entry.mtime = len(content), mode, owner, int(time.time())
    tar.addfile(entry, io.BytesIO(content))


def _directories() -> tuple[tuple[str, int, tuple[int, int]], ...]:
    return (
        ("", 0o755, ROOT),
        ("etc", 0o755, ROOT),
        ("etc/ssh", 0o755, ROOT),
        ("root", 0o700, ROOT),
        ("root/.ssh", 0o700, ROOT),
        ("home", 0o755, ROOT),
        ("home/operator", 0o700, OPERATOR),
        ("home/operator/.ssh", 0o700, OPERATOR),
    )
