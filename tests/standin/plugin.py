"""Puts the stand-in where Pulumi looks for the `docker` plugin, as an air-gapped site does with the official one."""

from __future__ import annotations

import subprocess
import tarfile
from collections.abc import Mapping
from pathlib import Path

VERSION = "5.2.0"
HERE = Path(__file__).parent


def install(environment: Mapping[str, str], folder: Path) -> None:
    """`environment`: of the runs that are to use it; its PULUMI_HOME holds the plugin afterwards."""
    archive = folder / f"pulumi-resource-docker-v{VERSION}-stand-in.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        tar.add(HERE / "pulumi-resource-docker", "pulumi-resource-docker")
        for one in sorted((HERE / "docker_standin").glob("*.py")):
            tar.add(one, f"docker_standin/{one.name}")
    subprocess.run(
        ["pulumi", "plugin", "install", "resource", "docker", f"v{VERSION}", "--file", str(archive)],
        env=dict(environment),
        check=True,
        capture_output=True,
        timeout=120,
    )
