"""Only the distribution's own archives go into a server, whatever else the machine has configured."""

import pytest

from bareplane_lab import sources
from bareplane_lab.errors import ImageError


def target(origin: str, release: str, uri: str, component: str = "main") -> str:
    return "\n".join(
        (
            "MetaKey: main/binary-amd64/Packages",
            f"Origin: {origin}",
            f"Release: {release}",
            f"Repo-URI: {uri}",
            f"Component: {component}",
        )
    )


DEBIAN = "http://deb.example/debian/"


def test_components_of_one_archive_share_a_line() -> None:
    text = "\n\n".join([target("Debian", "bookworm", DEBIAN), target("Debian", "bookworm", DEBIAN, "contrib")])
    assert sources.distribution_lines(text, "bookworm") == (f"deb {DEBIAN} bookworm main contrib",)


@pytest.mark.parametrize(
    ("origin", "release"),
    [
        ("Docker", "bookworm"),
        ("HashiCorp", "bookworm"),
        (". nodistro", "nodistro"),
        ("Debian", "trixie"),
        ("Debian", "bookworm-backports"),
        ("", "bookworm"),
    ],
)
def test_other_archives_are_left_out(origin: str, release: str) -> None:
    text = "\n\n".join([target(origin, release, "http://other.example/"), target("Debian", "bookworm", DEBIAN)])
    assert sources.distribution_lines(text, "bookworm") == (f"deb {DEBIAN} bookworm main",)


def test_updates_and_security_belong_to_the_distribution() -> None:
    releases = ("noble", "noble-updates", "noble-security")
    text = "\n\n".join(target("Ubuntu", release, DEBIAN) for release in releases)
    assert {line.split()[2] for line in sources.distribution_lines(text, "noble")} == set(releases)


def test_nothing_configured_gives_no_line() -> None:
    assert sources.distribution_lines("", "bookworm") == ()


def test_fetching_options_of_the_machine_are_kept() -> None:
    dump = "\n".join(
        (
            'APT::Architecture "amd64";',
            'Acquire::Check-Valid-Until "false";',
            'Acquire::http "";',
            'Acquire::http::Proxy "http://proxy.example:3128";',
            'Acquire::Languages:: "none";',
        )
    )
    assert sources.acquire_options(dump) == (
        'Acquire::Check-Valid-Until "false";',
        'Acquire::http::Proxy "http://proxy.example:3128";',
    )


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("VERSION_CODENAME=bookworm\nID=debian\n", "bookworm"),
        ('VERSION_CODENAME=wilma\nUBUNTU_CODENAME="noble"\n', "noble"),
    ],
)
def test_codename_is_the_distributions(text: str, name: str) -> None:
    assert sources.codename(text) == name


def test_missing_codename_is_an_error() -> None:
    with pytest.raises(ImageError, match="os-release"):
        sources.codename("ID=unknown\n")
