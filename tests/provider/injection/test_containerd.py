"""TOML, read by containerd."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import tomli_w
from hypothesis import given

from bareplane_provider.facts import MachineFacts
from bareplane_provider.kinds.container_runtime import configuration
from tests.provider.injection.programs import output, program
from tests.unit.injection.boundary import arrives_or_is_refused
from tests.unit.injection.hostile import batches, trips
from tests.unit.injection.reporting import SELF_TEST

MACHINE = MachineFacts.from_wire(
    {
        "os": "debian 12",
        "arch": "amd64",
        "cpus": 2,
        "memory_mib": 4096,
        "hostname": "server-1",
        "cgroup_version": 2,
        "capabilities": [],
        "kernel_tunable": True,
        "zstd": True,
    }
)
IMAGES = "io.containerd.cri.v1.images"


def dumped(path: Path, write: Callable[[Mapping[str, Any]], str], strings: Sequence[str]) -> Sequence[str | None]:
    """Keys and values of a table of containerd's configuration, as containerd itself understood them."""
    config = configuration(MACHINE)
    config["plugins"][IMAGES]["pinned_images"] = {f"value-{place}": one for place, one in enumerate(strings)}
    config["plugins"][IMAGES]["registry"] = {"headers": {one: ["z"] for one in strings}}
    path.write_text(write(config), encoding="utf-8", newline="")
    found = tomllib.loads(output(program("containerd"), "--config", str(path), "config", "dump"))["plugins"][IMAGES]
    assert set(found["registry"]["headers"]) == set(strings)
    return [found["pinned_images"][f"value-{place}"] for place in range(len(strings))]


def test_words_of_containerds_configuration_arrive(tmp_path: Path) -> None:
    @trips(8)
    @given(batches())
    def holds(strings: list[str]) -> None:
        arrives_or_is_refused(
            "containerd's configuration (TOML)", lambda s: dumped(tmp_path / "c", tomli_w.dumps, s), strings
        )

    holds()


def test_a_writer_that_pastes_is_found_out(tmp_path: Path) -> None:
    def pasted(config: Mapping[str, Any]) -> str:
        values = config["plugins"][IMAGES].pop("pinned_images")
        lines = [f'{key} = "{one}"' for key, one in values.items()]
        return "\n".join([tomli_w.dumps(config), f'[plugins."{IMAGES}".pinned_images]', *lines])

    @trips(3)
    @given(batches(size=10))
    def holds(strings: list[str]) -> None:
        arrives_or_is_refused(f"{SELF_TEST}TOML", lambda s: dumped(tmp_path / "c", pasted, s), strings)

    with pytest.raises((AssertionError, tomllib.TOMLDecodeError)):
        holds()
