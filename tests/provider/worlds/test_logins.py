"""Logins that a real sshd and a real sudo let through or refuse."""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.servers import Lab, differences
from tests.provider.worlds.taking import Taking

SERVER = "server-2"
USERS = {
    "able": "able ALL=(ALL) NOPASSWD: ALL",
    "locked": "",
    "asked": "asked ALL=(ALL) ALL",
    "seated": "Defaults:seated requiretty\nseated ALL=(ALL) NOPASSWD: ALL",
}
"""Ordinary users, and what sudoers says of each: all without a password, nothing, a password, a terminal."""


@pytest.fixture(scope="module")
def users(lab: Lab) -> Iterator[None]:
    """Made in files that are put back as they were: adding and removing users leaves traces of its own."""
    files = " ".join(f"etc/{name} etc/{name}-" for name in ("passwd", "shadow", "group", "gshadow", "subuid", "subgid"))
    before = lab.inventories([SERVER])
    lab.on(
        SERVER,
        f"tar -C / -cf /run/kept.tar $(cd /; ls -d {files} 2>/dev/null)\n"
        + "".join(
            f"useradd --create-home --shell /bin/bash {name}\n"
            f"mkdir /home/{name}/.ssh; cp /root/.ssh/authorized_keys /home/{name}/.ssh; chown -R {name} /home/{name}\n"
            f"printf '%s\\n' {shlex.quote(rule)} > /etc/sudoers.d/{name}\n"
            for name, rule in USERS.items()
        ),
    )
    yield
    lab.on(
        SERVER,
        "".join(f"rm -rf /home/{name} /etc/sudoers.d/{name} /var/mail/{name}\n" for name in USERS)
        + f"cd /; rm -f {' '.join(one for one in files.split() if one.endswith('-'))}\n"
        "tar -C / -xpf /run/kept.tar; rm /run/kept.tar",
    )
    assert differences(before, lab.inventories([SERVER])) == []


@pytest.mark.parametrize("way", ["straight", "through another server"])
def test_a_user_who_may_become_root_brings_programs_and_takes_them_away(taking: Taking, users: None, way: str) -> None:
    jump = {"jump": taking.entry("server-3")} if way != "straight" else {}
    before = taking.lab.inventories([SERVER])
    taking.bring(taking.entry(SERVER, user="able", **jump), "ctr", "bridge")
    assert differences(before, taking.lab.inventories([SERVER])) == []


@pytest.mark.parametrize(
    ("user", "words"),
    [
        ("locked", "sudo: a password is required"),
        ("asked", "sudo: a password is required"),
        ("seated", "sudo: sorry, you must have a tty to run sudo"),
    ],
)
def test_a_user_who_may_not_become_root_is_told_what_sudo_says(
    taking: Taking, users: None, user: str, words: str
) -> None:
    told = taking.refusal(taking.entry(SERVER, user=user))
    assert f"{SERVER} ({user}@" in told
    assert f"{user} cannot become root: {words}; allow it without a password and without a terminal" in told
    assert f"`{user} ALL=(ALL) NOPASSWD: ALL`" in told
    assert taking.ledger(SERVER) == []


def test_a_user_who_is_not_there_is_refused_like_a_wrong_key(taking: Taking) -> None:
    told = taking.refusal(taking.entry(SERVER, user="nobody-here"))
    assert "connecting to server-2 (nobody-here@" in told
    assert "the server refused identityFile" in told
    assert "check the user's name, put the public key into ~nobody-here/.ssh/authorized_keys there" in told


def test_a_key_the_server_does_not_know_is_named(taking: Taking, tmp_path: Path) -> None:
    key = keygen(tmp_path / "stranger")
    told = taking.refusal(taking.entry(SERVER, identityFile=str(key)))
    assert f"the server refused identityFile {key} (Authentication failed); check" in told


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("readable", "may be read by others (mode 0644); `chmod 600"),
        ("locked", "is protected by a passphrase, which nobody can type here; load it (`ssh-add"),
        ("missing", "cannot be read: No such file or directory; name the private key"),
        ("public", "is a public key; name the private one"),
        ("damaged", "is not a private key that can be read"),
    ],
)
def test_a_key_file_that_cannot_serve_is_told_before_anything_is_dialed(
    taking: Taking, tmp_path: Path, state: str, words: str
) -> None:
    key = keygen(tmp_path / "key", "some words" if state == "locked" else "")
    if state == "readable":
        key.chmod(0o644)
    if state == "missing":
        key.unlink()
    if state == "public":
        key = key.with_suffix(".pub")
    if state == "damaged":
        key.write_text("-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n")
    told = taking.refusal(taking.entry(SERVER, identityFile=str(key)))
    assert f"identityFile {key} {words}" in told


def test_a_key_that_is_not_the_pinned_one_ends_it_before_the_login(taking: Taking) -> None:
    told = taking.refusal(taking.entry(SERVER, hostKey=taking.entry("server-3")["hostKey"]))
    assert "the host key is not the pinned one" in told
    assert told.count("SHA256:") == 2
    assert "If the server was reinstalled, verify the new key on its console and change hostKey" in told


def keygen(path: Path, passphrase: str = "") -> Path:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-f", str(path)], check=True)
    return path
