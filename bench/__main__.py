"""`python -m bench`: all ways in turn, each on fresh servers; medians, ratios and where the time went."""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, cast

import yaml

from bareplane.config.models import AppConfig
from bench import bundle, ours, script, servers, transfer
from bench.report import report
from bench.result import Result

SCRIPT, TRANSFER = "script", "transfer"


def main() -> int:
    options = parser().parse_args()
    try:
        if options.only == TRANSFER:
            transfer.run(options.rounds)
            return 0
        with tempfile.TemporaryDirectory(prefix="bareplane-bench-") as directory:
            run(Path(directory), options.rounds, options.only, options.details)
        if options.only is None:
            transfer.run(options.rounds)
    except subprocess.CalledProcessError as error:
        print(f"bench: {error}\n{error.stderr or ''}", file=sys.stderr)
        return 1
    return 0


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    top.add_argument("--rounds", type=int, default=3, help="how often each is run (default 3)")
    top.add_argument("--only", choices=(*ours.FORMS, SCRIPT, TRANSFER), help="one of them, to look at it closely")
    top.add_argument("--details", action="store_true", help="every resource of each `pulumi up`, and what it did when")
    return top


def run(directory: Path, rounds: int, only: str | None, details: bool) -> None:
    """All rounds, in a directory that is thrown away after."""
    config = cast("dict[str, Any]", yaml.safe_load(ours.CONFIG.read_text())["config"])
    version = str(config["bareplane-stacks:cluster"]["version"])
    packed = directory / "bundle"
    packed.mkdir()
    if only in (None, SCRIPT):
        say("packing what the script installs")
        bundle.prepare(packed, version, AppConfig.from_wire(config["bareplane-stacks:apps"][0]))
    results: dict[str, list[Result]] = {side: [] for side in (*ours.FORMS, SCRIPT)}
    try:
        for number in range(1, rounds + 1):
            for side in results if only is None else (only,):
                made = servers.fresh(directory / "lab")
                if side == SCRIPT:
                    result = script.measure(packed, made, version)
                else:
                    result = ours.measure(directory / "project", made, side)
                results[side].append(result)
                here, there = result.computed
                spent = f"processors {here:.1f} s here, {there:.1f} s on the servers"
                say(f"round {number}, {result.what}: {result.seconds:.1f} s; {spent}")
                for line in (*result.path, *(result.details if details else ())):
                    print(line)
    finally:
        servers.remove(directory / "lab")
    if only is None:
        print(report([results[form] for form in ours.FORMS], results[SCRIPT]))


def say(text: str) -> None:
    print(f"== {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
