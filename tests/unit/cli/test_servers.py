"""Which servers a command is about, without the engine."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from bareplane.config import ConfigError
from bareplane_cli.errors import ProjectError
from bareplane_cli.servers import find_servers

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFU8DX//3k1jQuKLXtRWlqp3VDUlxDh/TI37Gvv3/IKW"


def server(name: str) -> dict[str, object]:
    return {"name": name, "address": "192.0.2.1", "hostKey": KEY, "agent": True}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "Pulumi.yaml").write_text("name: mine\nruntime: python\nstackConfigDir: config\n")
    (tmp_path / "config").mkdir()
    (tmp_path / "inventory.yaml").write_text(yaml.safe_dump({"servers": [server("rack-1"), server("rack-2")]}))
    return tmp_path


def configure(project: Path, **values: object) -> None:
    config = {"mine:model": "traditional", "other:x": 1, **{f"mine:{key}": value for key, value in values.items()}}
    (project / "config/Pulumi.prod.yaml").write_text(yaml.safe_dump({"encryptionsalt": "v1", "config": config}))


def names(*wanted: str, project: Path, inventory: Path | None = None) -> list[str]:
    return [one.name for one in find_servers(wanted, inventory, project, "prod")]


def test_a_stacks_servers_are_those_of_its_inventory_and_those_given_in_place(project: Path) -> None:
    configure(project, inventory="inventory.yaml", servers=[server("rack-0")])
    assert names(project=project) == ["rack-0", "rack-1", "rack-2"]
    assert names("rack-2", "rack-0", "rack-2", project=project) == ["rack-2", "rack-0"]


def test_the_project_is_found_from_a_folder_inside_it(project: Path) -> None:
    configure(project, servers=[server("rack-0")])
    assert names(project=project / "config") == ["rack-0"]


def test_an_inventory_needs_no_project(tmp_path: Path, project: Path) -> None:
    assert names(project=Path("/nonexistent"), inventory=project / "inventory.yaml") == ["rack-1", "rack-2"]


def test_a_mistake_elsewhere_in_the_configuration_hides_no_server(project: Path) -> None:
    configure(project, servers=[server("rack-0")], cluster={"version": "latest"})
    assert names(project=project) == ["rack-0"]


def test_what_is_wrong_is_told(project: Path) -> None:
    with pytest.raises(ProjectError, match=r"no configuration .*Pulumi\.prod\.yaml; stacks that have one are none"):
        names(project=project)
    configure(project, servers=[server("rack-0")])
    with pytest.raises(ProjectError, match="no server 'rack-O'; did you mean 'rack-0'"):
        names("rack-O", project=project)
    configure(project, servers=[{**server("rack-0"), "hostkey": KEY}])
    with pytest.raises(ConfigError, match=r"servers\.rack-0\.hostkey: there is no such key; did you mean 'hostKey'"):
        names(project=project)
    configure(project, servers="rack-0")
    with pytest.raises(ConfigError, match="servers"):
        names(project=project)
    (project / "config/Pulumi.prod.yaml").write_text("a: [")
    with pytest.raises(ProjectError, match=r"cannot be read as YAML"):
        names(project=project)
    with pytest.raises(ProjectError, match=r"there is no Pulumi\.yaml in /nonexistent"):
        names(project=Path("/nonexistent"))
