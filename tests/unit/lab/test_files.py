"""A lab's directory: names, inventory, command line."""

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from bareplane_lab import image, inventory, place
from bareplane_lab.__main__ import main
from bareplane_lab.sources import Sources

ENTRIES = (
    inventory.Entry("server-1", "10.200.7.11", "ssh-ed25519 AAAA"),
    inventory.Entry("server-2", "10.200.7.12", "ssh-ed25519 BBBB"),
)
ORIGIN = Sources("bookworm", ("deb http://deb.example/debian/ bookworm main",), ())


def test_inventory_is_what_a_real_one_would_be(tmp_path: Path) -> None:
    where = place.at(tmp_path)
    inventory.write(where, ENTRIES)
    assert yaml.safe_load(where.inventory.read_text())["servers"][1] == {
        "name": "server-2",
        "address": "10.200.7.12",
        "port": 22,
        "user": "root",
        "hostKey": "ssh-ed25519 BBBB",
        "identityFile": str(tmp_path / "id_ed25519"),
    }


def test_two_directories_are_two_labs(tmp_path: Path) -> None:
    first, second = place.at(tmp_path / "a"), place.at(tmp_path / "b")
    assert first.network != second.network
    assert first.container("server-1") != second.container("server-1")


def test_same_directory_by_another_path_is_the_same_lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert place.at(Path(".lab")).id == place.at(tmp_path / "x" / ".." / ".lab").id


def test_bridge_name_fits_the_kernels_limit(tmp_path: Path) -> None:
    assert len(f"bp-{place.at(tmp_path).id}") < 16


def test_image_key_follows_recipe_release_and_archives(tmp_path: Path) -> None:
    recipe = tmp_path / "recipe"
    shutil.copytree(image.RECIPE, recipe)
    key = image.recipe_key(ORIGIN, recipe)
    assert key == image.recipe_key(ORIGIN, image.RECIPE)
    assert key != image.recipe_key(replace(ORIGIN, codename="trixie"), recipe)
    assert key != image.recipe_key(replace(ORIGIN, lines=()), recipe)
    (recipe / "packages.txt").write_text("systemd\n")
    assert key != image.recipe_key(ORIGIN, recipe)


def test_scripts_are_executable() -> None:
    assert os.access(image.RECIPE / "customize.sh", os.X_OK)


@pytest.mark.parametrize("count", ["0", "-1", "three", "241"])
def test_impossible_number_of_servers_is_refused(count: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["up", f"--servers={count}"])
    assert "from 1 to 240" in capsys.readouterr().err
