"""Packages come with what they need, and go with it, but not from under anyone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .conftest import Server

# A repository on the server itself: `bp-app` needs `bp-library`, as does `bp-other`, which somebody else may install.
REPOSITORY = """
mkdir -p /var/tmp/bp-repo /var/tmp/bp-sources
make() {
  mkdir -p /tmp/bp-$1/DEBIAN /tmp/bp-$1/usr/share/bp
  echo $1 > /tmp/bp-$1/usr/share/bp/$1
  printf 'Package: %s\\nVersion: 1\\nArchitecture: all\\nMaintainer: a <a@b>\\nDescription: test\\n%s' $1 "$2" \\
    > /tmp/bp-$1/DEBIAN/control
  dpkg-deb --build --root-owner-group -Znone /tmp/bp-$1 /var/tmp/bp-repo/$1.deb > /dev/null
  { cat /tmp/bp-$1/DEBIAN/control
    printf 'Filename: ./%s.deb\\nSize: %s\\n' $1 $(stat -c %s /var/tmp/bp-repo/$1.deb)
    printf 'SHA256: %s\\n\\n' $(sha256sum /var/tmp/bp-repo/$1.deb | cut -d' ' -f1)
  } >> /var/tmp/bp-repo/Packages
  rm -r /tmp/bp-$1
}
make bp-library ''
make bp-app $'Depends: bp-library\\n'
make bp-other $'Depends: bp-library\\n'
mv /etc/apt/sources.list /var/tmp/bp-sources/
echo 'deb [trusted=yes] file:/var/tmp/bp-repo ./' > /etc/apt/sources.list
"""
RESTORE = """
apt-get -qq -y purge bp-app bp-library bp-other > /dev/null 2>&1 || true
mv /var/tmp/bp-sources/sources.list /etc/apt/sources.list
rm -r /var/tmp/bp-repo /var/tmp/bp-sources
"""
APP = {"type": "package", "name": "bp-app"}
OTHER = {"type": "package", "name": "bp-other"}


@pytest.fixture
def repository(clean: Server) -> Iterator[Server]:
    if clean.run("command -v apt-get dpkg-deb | wc -l") != "2":
        pytest.skip("not a Debian server")
    clean.run(REPOSITORY)
    yield clean
    clean.ask("sweep")
    clean.run(RESTORE)


def installed(server: Server) -> list[str]:
    return server.run(
        "dpkg-query -W -f '${Package} ${db:Status-Abbrev}\\n' 'bp-*' 2>/dev/null | awk '$2==\"ii\"{print $1}'"
    ).split()


def test_what_it_needed_goes_with_it(repository: Server) -> None:
    assert repository.ask("apply", items=[APP])["facts"] == {"package bp-app": {"installed": "yes"}}
    assert installed(repository) == ["bp-app", "bp-library"]
    assert repository.ask("apply", items=[APP])["changed"] == []
    repository.ask("remove")
    assert installed(repository) == []


@pytest.mark.parametrize("order", [("one", "two"), ("two", "one")])
def test_entries_share_what_both_need(repository: Server, order: tuple[str, str]) -> None:
    repository.ask("apply", items=[APP], entry="one")
    repository.ask("apply", items=[APP, OTHER], entry="two")
    repository.ask("remove", entry=order[0])
    assert "bp-app" in installed(repository)
    repository.ask("remove", entry=order[1])
    assert installed(repository) == []


def test_what_somebody_else_installed_keeps_what_it_needs(repository: Server) -> None:
    repository.ask("apply", items=[APP])
    repository.run("apt-get -qq -y install bp-other > /dev/null 2>&1")
    repository.ask("remove")
    assert installed(repository) == ["bp-library", "bp-other"]
    assert any("bp-other" in event.get("text", "") for event in repository.said)
