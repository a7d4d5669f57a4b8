"""The stacks that stand in the repository are everybody's."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

STACKS = sorted((Path(__file__).parents[2] / "stacks").glob("Pulumi.*.yaml"))


@pytest.mark.skipif(not STACKS, reason="no stack stands here")
def test_no_salt_of_somebodys_passphrase_is_kept() -> None:
    """With it nobody else could make the stack. `make down` takes it out again; this one was of a stack that runs."""
    root = STACKS[0].parents[1]
    kept = subprocess.run(
        ["git", "-C", str(root), "grep", "--cached", "-l", "^encryptionsalt:", "--", "stacks"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert kept.stdout == ""
