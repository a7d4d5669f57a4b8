"""What `go build` is asked, and what happens where there is no Go or only an old one."""

from __future__ import annotations

import pytest

from bareplane_provider.catalog.errors import BuildError, GoMissingError
from bareplane_provider.catalog.fetch import fetch
from bareplane_provider.catalog.gobuild import GoBuild, build_command, build_environment, required_go
from bareplane_provider.catalog.lock import read_lock
from bareplane_provider.catalog.sources import Missing
from bareplane_provider.catalog.wanted import wanted


@pytest.fixture
def path(tmp_path, monkeypatch):
    """A PATH of its own, with nothing on it but what the test puts there."""
    place = tmp_path / "bin"
    place.mkdir()
    monkeypatch.setenv("PATH", str(place))
    return place


def _go(path, script):
    program = path / "go"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)


def test_a_build_carries_the_version_and_nothing_of_this_machine(tmp_path):
    command = build_command("go", wanted(read_lock(), "kubelet", "amd64"), tmp_path / "kubelet")
    assert {"-trimpath", "-buildvcs=false", "-mod=readonly", "-tags=grpcnotrace,notest,selinux"} <= set(command)
    (flags,) = [argument for argument in command if argument.startswith("-ldflags=")]
    assert "-X=k8s.io/component-base/version.gitVersion=v1.36.3" in flags
    assert "-X=k8s.io/component-base/version.gitMinor=36" in flags


def test_packages_of_a_module_without_a_go_mod_are_compiled_as_of_the_go_they_are_written_for(tmp_path):
    command = build_command("go", wanted(read_lock(), "docker", "amd64"), tmp_path / "docker")
    assert "-gcflags=github.com/docker/cli/...=-lang=go1.26" in command
    others = [build_command("go", wanted(read_lock(), one, "amd64"), tmp_path / one) for one in ("dockerd", "kubelet")]
    assert not [word for other in others for word in other if word.startswith("-gcflags")]


def test_the_users_go_settings_do_not_reach_a_build(monkeypatch):
    monkeypatch.setenv("GOFLAGS", "-race")
    environment = build_environment(wanted(read_lock(), "etcd", "arm64"))
    assert [environment[name] for name in ("GOFLAGS", "GOARCH", "CGO_ENABLED")] == ["", "arm64", "0"]


def test_only_runc_needs_a_c_compiler():
    lock = read_lock()
    builds = {name: lock.source_of(name).build for name in lock.programs}
    assert [name for name, build in builds.items() if build and build.cgo] == ["runc"]


def test_what_does_not_build_says_where_it_comes_from(tmp_path):
    missing = GoBuild().get(wanted(read_lock(), "cri-dockerd", "amd64"), tmp_path, print)
    assert isinstance(missing, Missing)
    assert "fetch cri-dockerd" in missing.reason
    assert "BAREPLANE_MIRROR" in missing.reason


def test_without_go_one_error_names_everything_that_needs_it(world, path):
    world.web.up = False
    world.build = GoBuild()
    with pytest.raises(
        GoMissingError, match=r"cannot build plain, left, right: there is no `go` on PATH, and Go 1\.26"
    ):
        fetch(world.catalog(), ["plain", "left", "right"], None, "amd64", None, world.said.append)


@pytest.mark.parametrize(
    "script",
    ["echo go1.19.8", "echo 'go: go.mod requires go >= 1.26 (running go 1.24)' >&2; exit 1"],
)
def test_a_go_too_old_is_refused_before_the_build(world, path, script):
    world.web.up = False
    world.build = GoBuild()
    _go(path, script)
    with pytest.raises(GoMissingError, match="too old"):
        world.catalog().obtain("plain")


def test_a_failed_build_shows_what_go_said_and_leaves_nothing(world, path):
    world.web.up = False
    world.build = GoBuild()
    _go(path, 'if [ "$1" = env ]; then echo go1.26.8; else echo "undefined: thing"; exit 2; fi')
    with pytest.raises(BuildError, match=r"building plain 2\.0[\s\S]*undefined: thing"):
        world.catalog().obtain("plain")
    assert list((world.cache / "staging").iterdir()) == []


def test_go_mod_says_which_go_it_needs():
    assert required_go("module x\n\ngo 1.26.4\n") == "1.26.4"
