"""Engines that can be had only from upstream's hosts: tried where the cache or a mirror has them."""

from __future__ import annotations

import subprocess

import pytest

from bareplane_provider import catalog
from bareplane_provider.catalog.errors import UnavailableError


@pytest.mark.parametrize(("name", "says"), [("cri-dockerd", "0.3.24"), ("crio", "1.35.0")])
def test_the_engine_is_the_version_that_the_catalog_names(name: str, says: str) -> None:
    try:
        program = catalog.obtain(name)
    except UnavailableError as error:
        pytest.skip(f"neither the cache nor a mirror has it, and it does not build: {error}")
    done = subprocess.run([program.path, "--version"], capture_output=True, text=True, check=True, timeout=30)
    assert says in done.stdout + done.stderr
