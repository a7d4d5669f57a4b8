"""Imports go down only, as docs/architecture.md draws it; measured from the sources."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = {
    "stacks": "stacks",
    "bareplane": "components/bareplane",
    "bareplane_provider": "provider/bareplane_provider",
    "bareplane_agent": "agent/bareplane_agent",
    "bareplane_node": "agent/bareplane_node",
    "bareplane_templates": "templates/bareplane_templates",
    "bareplane_lab": "lab/bareplane_lab",
    "bareplane_cli": "cli/bareplane_cli",
}
# What each may import of the others; a name with a dot allows that part alone.
MAY_IMPORT = {
    "stacks": {"bareplane"},
    "bareplane": set[str](),
    "bareplane_provider": {"bareplane.specs", "bareplane_agent", "bareplane_templates"},
    "bareplane_agent": set[str](),
    "bareplane_node": set[str](),
    "bareplane_templates": set[str](),
    "bareplane_lab": set[str](),
    "bareplane_cli": {
        "bareplane.config",
        "bareplane.specs",
        "bareplane_provider.errors",
        "bareplane_provider.transport",
    },
}
# What comes from outside, besides the standard library.
OUTSIDE = {
    "stacks": {"pulumi"},
    "bareplane": {"pulumi", "pulumi_docker", "pydantic", "yaml"},
    "bareplane_provider": {
        "pulumi",
        "google",
        "grpc",
        "pydantic",
        "paramiko",
        "cryptography",
        "yaml",
        "tomli_w",
        "zstandard",
    },
    "bareplane_agent": set[str](),
    "bareplane_node": set[str](),
    "bareplane_templates": {"jinja2"},
    "bareplane_lab": {"yaml", "cryptography"},
    "bareplane_cli": {"typer", "rich", "yaml"},
}


def sources(package: str) -> list[Path]:
    return sorted((ROOT / FOLDERS[package]).rglob("*.py"))


def imports(path: Path) -> Iterator[str]:
    """Absolute names of the modules a file imports, those inside functions and under TYPE_CHECKING too."""
    for one in ast.walk(ast.parse(path.read_text(), str(path))):
        if isinstance(one, ast.Import):
            yield from (name.name for name in one.names)
        elif isinstance(one, ast.ImportFrom) and one.level == 0 and one.module:
            yield from (f"{one.module}.{name.name}" for name in one.names)


def under(name: str, prefix: str) -> bool:
    return name == prefix or name.startswith(f"{prefix}.")


@pytest.mark.parametrize("package", FOLDERS)
def test_packages_import_only_what_is_below_them(package: str) -> None:
    siblings = {path.stem for path in (ROOT / "stacks").glob("*.py")} if package == "stacks" else set[str]()
    wrong = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in sources(package)
        for name in imports(path)
        if name.split(".")[0] in FOLDERS.keys() - {package} - siblings
        and not any(under(name, allowed) for allowed in MAY_IMPORT[package])
    ]
    assert sources(package)
    assert wrong == []


@pytest.mark.parametrize("package", FOLDERS)
def test_packages_need_nothing_more_from_outside(package: str) -> None:
    known = set(sys.stdlib_module_names) | FOLDERS.keys() | OUTSIDE[package]
    if package == "stacks":
        known |= {path.stem for path in (ROOT / "stacks").glob("*.py")}
    wrong = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in sources(package)
        for name in imports(path)
        if name.split(".")[0] not in known
    ]
    assert wrong == []


def test_specs_know_nothing_of_pulumi_nor_of_components() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in sources("bareplane")
        if path.parent.name == "specs"
        for name in imports(path)
        if under(name, "pulumi") or (under(name, "bareplane") and not under(name, "bareplane.specs"))
    ]
    assert wrong == []


def test_only_the_plugin_knows_pulumi() -> None:
    plugin = ROOT / "provider/bareplane_provider/plugin"
    wrong = [
        f"{path.relative_to(ROOT)}: {name}"
        for package in FOLDERS
        for path in sources(package)
        for name in imports(path)
        if (under(name, "pulumi.provider") or (package == "bareplane_provider" and under(name, "pulumi")))
        and plugin not in path.parents
    ]
    assert wrong == []


def test_below_the_kinds_nothing_knows_of_them() -> None:
    lower = ("catalog", "kubeadm", "pki", "transport")
    wrong = [
        f"{path.relative_to(ROOT)}: {name}"
        for folder in lower
        for path in (ROOT / "provider/bareplane_provider" / folder).rglob("*.py")
        for name in imports(path)
        if under(name, "bareplane_provider.kinds") or under(name, "bareplane_provider.plugin")
    ]
    assert wrong == []


def test_no_module_is_longer_than_three_hundred_lines() -> None:
    long = [
        str(path.relative_to(ROOT))
        for package in FOLDERS
        for path in sources(package)
        if len(path.read_text().splitlines()) > 300
    ]
    assert long == []
