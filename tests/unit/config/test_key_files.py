"""Private keys that nobody could log in with are found before anything is dialed."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from bareplane.config import ConfigError
from bareplane.config.reading import parse_config
from bareplane.specs.identity_file import identity_problem
from tests.unit.config.test_config import GOOD, changed, server


def keygen(path: Path, *options: str) -> Path:
    subprocess.run(["ssh-keygen", "-q", "-f", str(path), *options], check=True, stdin=subprocess.DEVNULL)
    return path


@pytest.mark.parametrize("form", [("ed25519",), ("rsa",), ("rsa", "-m", "PEM"), ("ecdsa", "-m", "PKCS8")])
def test_a_key_is_good_without_a_passphrase_and_not_with_one(tmp_path: Path, form: tuple[str, ...]) -> None:
    assert identity_problem(keygen(tmp_path / "open", "-N", "", "-t", *form)) is None
    told = identity_problem(keygen(tmp_path / "locked", "-N", "words of a phrase", "-t", *form)) or ""
    assert "passphrase" in told
    assert f"ssh-add {tmp_path}/locked" in told


def test_what_others_may_read_is_refused(tmp_path: Path) -> None:
    key = keygen(tmp_path / "key", "-N", "")
    key.chmod(0o644)
    assert "may be read by others (mode 0644); `chmod 600" in (identity_problem(key) or "")


def test_what_is_no_private_key_is_named(tmp_path: Path) -> None:
    key = keygen(tmp_path / "key", "-N", "")
    assert f"public key; name the private one ({key})" in (identity_problem(key.with_suffix(".pub")) or "")
    (tmp_path / "other").write_text("hello\n")
    assert "no private key" in (identity_problem(tmp_path / "other") or "")
    assert "No such file" in (identity_problem(tmp_path / "nowhere") or "")
    assert "directory" in (identity_problem(tmp_path) or "")


def test_files_of_the_clusters_servers_and_their_jump_hosts_are_looked_at() -> None:
    lost = {"agent": False, "identityFile": "/nowhere/a"}
    document = changed(
        {
            "servers": [
                server("server-1", "10.0.0.1", **lost),
                server("server-2", "10.0.0.2", jump=server("gate", "192.0.2.1", **lost)),
                server("server-3", "10.0.0.3"),
                server("unused", "10.0.0.4", **lost),
            ]
        }
    )
    with pytest.raises(ConfigError) as caught:
        parse_config(document, Path("/nowhere"))
    assert [line.split(": ")[0] for line in caught.value.problems] == [
        "servers.server-1.identityFile",
        "servers.server-2.jump.identityFile",
    ]
    assert GOOD["servers"][0]["agent"]
