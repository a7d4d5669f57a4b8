"""Certificates are compared by what matters of them."""

from __future__ import annotations

import base64
import shutil
import subprocess
from pathlib import Path

import pytest

from bareplane_agent.certificates import Wanted, certificate_facts, kubeconfig_facts, life, names
from bareplane_agent.host import Host

DAY = 86400.0


@pytest.mark.parametrize(
    ("age", "expected"), [(0, "ok"), (200, "ok"), (274, "ok"), (276, "expiring"), (364, "expiring"), (365, "expired")]
)
def test_life_of_a_year(age: float, expected: str) -> None:
    assert life(0, 365 * DAY, age * DAY) == expected


def test_names_are_sorted() -> None:
    text = "X509v3 Subject Alternative Name: \n    DNS:b, IP Address:10.0.0.1, DNS:a\n-----BEGIN"
    assert names(text) == "DNS:a,DNS:b,IP Address:10.0.0.1"
    assert names("nothing") == ""


def openssl(folder: Path, *arguments: str) -> None:
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    if shutil.which("openssl") is None:
        pytest.skip("no openssl here")
    new = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    # The second CA has the first one's name: only the signature tells them apart.
    for ca in ("ca", "other"):
        openssl(tmp_path, "req", "-x509", *new, "-keyout", f"{ca}.key", "-out", f"{ca}.crt", "-subj", "/CN=kubernetes")
    openssl(tmp_path, "req", *new, "-keyout", "a.key", "-out", "a.csr", "-subj", "/O=system:nodes/CN=system:node:a")
    openssl(
        tmp_path, "x509", "-req", "-in", "a.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-out", "a.crt", "-days", "365"
    )
    return tmp_path


def facts(folder: Path, ca: str = "ca.crt", key: str = "a.key") -> dict[str, str]:
    wanted = Wanted((folder / "a.crt").read_bytes(), (folder / key).read_bytes(), str(folder / ca))
    return certificate_facts(wanted, Host())


def test_its_own_ca_and_key(folder: Path) -> None:
    assert facts(folder) == {
        "issuer": "ok",
        "subject": "CN=system:node:a,O=system:nodes",
        "sans": "",
        "key": "matches",
        "life": "ok",
    }


def test_a_ca_of_the_same_name_is_foreign(folder: Path) -> None:
    assert facts(folder, ca="other.crt")["issuer"] == "foreign"
    assert facts(folder, ca="none.crt")["issuer"] == "no-ca"


def test_another_key_differs(folder: Path) -> None:
    assert facts(folder, key="ca.key")["key"] == "differs"


def test_a_certificate_that_is_none_is_unreadable() -> None:
    assert certificate_facts(Wanted(b"nonsense", None, None), Host()) == {"issuer": "unreadable"}


@pytest.mark.parametrize("embedded", [True, False])
def test_a_kubeconfig_shows_its_server_and_certificate(folder: Path, embedded: bool) -> None:
    lines = [f"    client-{name}: a.{end}" for name, end in (("certificate", "crt"), ("key", "key"))]
    if embedded:
        lines = [
            f"    client-{name}-data: {base64.b64encode((folder / f'a.{end}').read_bytes()).decode()}"
            for name, end in (("certificate", "crt"), ("key", "key"))
        ]
    (folder / "conf").write_text("    server: https://lab:6443\n" + "\n".join(lines) + "\n")
    found = kubeconfig_facts(str(folder / "conf"), str(folder / "ca.crt"), Host())
    assert (found["server"], found["issuer"], found["key"]) == ("https://lab:6443", "ok", "matches")


def test_a_kubeconfig_without_a_certificate_says_so(tmp_path: Path) -> None:
    (tmp_path / "conf").write_text("    server: https://lab:6443\n")
    found = kubeconfig_facts(str(tmp_path / "conf"), None, Host())
    assert found == {"server": "https://lab:6443", "issuer": "no-certificate"}
