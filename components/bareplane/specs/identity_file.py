"""A user's private key file, looked at without using it: preview tells what a login would."""

from __future__ import annotations

import base64
import binascii
import os
import stat
from pathlib import Path

_OPENSSH = "-----BEGIN OPENSSH PRIVATE KEY-----"
_MAGIC = b"openssh-key-v1\0"
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def identity_problem(path: Path) -> str | None:
    """Why nobody can log in with this file unattended, and what to try; None when it looks right."""
    try:
        mode = path.stat()
        text = path.read_bytes().decode("ascii", "replace")
    except OSError as error:
        return f"cannot be read: {error.strerror or error}; name the private key whose public half the server knows"
    if text.startswith(("ssh-", "ecdsa-")):
        return f"is a public key; name the private one ({path.with_suffix('')})"
    if "PRIVATE KEY" not in text:
        return "is no private key in OpenSSH's or PEM's format; `ssh-keygen` makes one, and converts others"
    # As ssh has it: what others may read is as good as published, where the file is ours to protect.
    if mode.st_uid == os.getuid() and mode.st_mode & _OTHERS:
        return f"may be read by others (mode {stat.S_IMODE(mode.st_mode):04o}); `chmod 600 {path}`"
    if _is_encrypted(text):
        return (
            "is protected by a passphrase, which nobody can type here; "
            f"load it (`ssh-add {path}`) and give agent: true instead of identityFile"
        )
    return None


def _is_encrypted(text: str) -> bool:
    if not text.startswith(_OPENSSH):
        return "ENCRYPTED" in text.partition("\n\n")[0]
    try:
        blob = base64.b64decode("".join(text.split(_OPENSSH)[1].partition("-----END")[0].split()))
    except (binascii.Error, ValueError):
        return False  # damaged: whoever reads it says so
    cipher = blob.removeprefix(_MAGIC)
    return cipher != blob and cipher[4 : 4 + int.from_bytes(cipher[:4], "big")] != b"none"
