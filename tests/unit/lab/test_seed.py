"""What is put into a server before its first start."""

import io
import tarfile
from dataclasses import replace
from pathlib import Path

from bareplane_lab import seed

IDENTITY = seed.Identity(
    "server-1", "10.200.7.11", "PRIVATE\n", "ssh-ed25519 HOST", "ssh-ed25519 CLIENT", ("192.0.2.53",)
)


def unpack(data: bytes) -> dict[str, tuple[tarfile.TarInfo, str]]:
    found: dict[str, tuple[tarfile.TarInfo, str]] = {}
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        for member in tar:
            file = tar.extractfile(member)
            found[member.name] = (member, file.read().decode() if file else "")
    return found


def test_keys_are_readable_by_their_owners_only() -> None:
    files = unpack(seed.archive(IDENTITY))
    key, text = files[".seed/etc/ssh/ssh_host_ed25519_key"]
    assert (key.mode, key.uid, text) == (0o600, 0, "PRIVATE\n")
    authorized, text = files[".seed/home/operator/.ssh/authorized_keys"]
    assert (authorized.mode, authorized.uid, text) == (0o600, 1000, "ssh-ed25519 CLIENT\n")


def test_server_knows_its_own_name_and_resolvers() -> None:
    files = unpack(seed.archive(IDENTITY))
    assert "10.200.7.11\tserver-1\n" in files[".seed/etc/hosts"][1]
    assert files[".seed/etc/resolv.conf"][1] == "nameserver 192.0.2.53\n"
    assert files[".seed/etc/hostname"][1] == "server-1\n"


def test_every_server_has_its_own_machine_id() -> None:
    first, second = (unpack(seed.archive(IDENTITY))[".seed/etc/machine-id"][1] for _ in range(2))
    assert len(first) == 33
    assert first != second


def test_entry_command_is_executable() -> None:
    entry, text = unpack(seed.archive(IDENTITY))[seed.ENTRY.lstrip("/")]
    assert entry.mode == 0o755
    assert text.startswith("#!/bin/sh\n")


def test_digest_follows_keys_and_address_but_not_resolvers() -> None:
    assert replace(IDENTITY, client_key_public="other").digest != IDENTITY.digest
    assert replace(IDENTITY, host_key_public="other").digest != IDENTITY.digest
    assert replace(IDENTITY, address="10.200.7.12").digest != IDENTITY.digest
    assert replace(IDENTITY, nameservers=()).digest == IDENTITY.digest


def test_resolvers_on_loopback_are_replaced_by_those_behind_them(tmp_path: Path) -> None:
    stub, upstream = tmp_path / "stub", tmp_path / "upstream"
    stub.write_text("nameserver 127.0.0.53\noptions edns0\nnameserver ::1\n")
    upstream.write_text("nameserver 192.0.2.1\nnameserver fe80::1%eth0\n")
    assert seed.nameservers((stub, tmp_path / "missing", upstream)) == ("192.0.2.1", "fe80::1")
