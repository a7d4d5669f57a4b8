"""Builds programs from Go modules, pinned by go.mod and go.sum; the same Go gives the same bytes anywhere."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from bareplane_provider.catalog.digest import sha256_of
from bareplane_provider.catalog.errors import BuildError, GoMissingError
from bareplane_provider.catalog.sources import Missing, Say, Staged
from bareplane_provider.catalog.wanted import Wanted

SAY_EVERY = 15.0
_NATIVE = {"x86_64": "amd64", "aarch64": "arm64"}


@dataclass(frozen=True)
class Go:
    """A Go installation, used for one module."""

    program: str
    version: str


class GoBuild:
    """The last source: slow, but it needs nothing but a Go module proxy."""

    def get(self, wanted: Wanted, staging: Path, say: Say) -> Staged | Missing:
        if wanted.source.build is None:
            return Missing(
                "it does not build from Go modules; where its host can be reached run `python -m "
                f"bareplane_provider.catalog fetch {wanted.name}`, and name a copy of that cache in BAREPLANE_MIRROR"
            )
        go = _find_go(wanted)
        if wanted.build.cgo and os.uname().machine not in {m for m, a in _NATIVE.items() if a == wanted.arch}:
            return Missing(f"{wanted.name} needs cgo and can only be built on {wanted.arch} itself")
        target = staging / wanted.name
        if wanted.program.file is not None:
            folder = _module_folder(go, wanted)
            shutil.copyfile(folder / wanted.program.file, target)
        else:
            say(f"{wanted.title}: building {wanted.program.package} with {go.version}")
            _run(build_command(go.program, wanted, target), wanted, say)
        origin = f"built with {go.version} from {wanted.program.package} {wanted.built_version}"
        return Staged(target, sha256_of(target), wanted.built_version, wanted.build_recipe, origin)


def build_command(go: str, wanted: Wanted, target: Path) -> list[str]:
    """`go build`, without anything of this machine in its result."""
    flags = ["-s", "-w", "-buildid=", *(f"-X={variable}={value}" for variable, value in sorted(wanted.stamps.items()))]
    if wanted.build.cgo:
        flags.append("-extldflags=-static")
    command = [go, "build", "-mod=readonly", "-trimpath", "-buildvcs=false", f"-tags={','.join(wanted.build.tags)}"]
    if wanted.build.language:
        packages, _, version = wanted.build.language.rpartition("=")
        command.append(f"-gcflags={packages}=-lang={version}")
    return [*command, f"-ldflags={' '.join(flags)}", f"-o={target}", wanted.program.package]


def build_environment(wanted: Wanted) -> dict[str, str]:
    """The user's, but nothing in it may change the result."""
    settings = {"GOOS": "linux", "GOARCH": wanted.arch, "GOFLAGS": "", "GOWORK": "off", "GOEXPERIMENT": ""}
    return {**os.environ, **settings, "CGO_ENABLED": "1" if wanted.build.cgo else "0"}


def _find_go(wanted: Wanted) -> Go:
    needed = required_go((wanted.module / "go.mod").read_text())
    program = shutil.which("go")
    if program is None:
        raise GoMissingError([wanted.name], "there is no `go` on PATH", needed)
    # In the module's folder, where a Go that may fetch a newer one for itself answers for that one.
    asked = subprocess.run(
        [program, "env", "GOVERSION"],
        cwd=wanted.module,
        env=build_environment(wanted),
        capture_output=True,
        text=True,
        check=False,
    )
    version = asked.stdout.strip()
    if asked.returncode != 0 or _numbers(version) < _numbers(needed):
        said = version or asked.stderr.strip()
        raise GoMissingError([wanted.name], f"the `go` on PATH is too old ({said})", needed)
    return Go(program, version)


def required_go(go_mod: str) -> str:
    """The version in the `go` line of a go.mod."""
    found = re.search(r"^go (\S+)$", go_mod, re.MULTILINE)
    return found.group(1) if found else "1.26"


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version)[:3])


def _module_folder(go: Go, wanted: Wanted) -> Path:
    """Where Go has unpacked the module that carries the wanted file."""
    command = [go.program, "mod", "download", "-json", f"{wanted.program.package}@v{wanted.built_version}"]
    done = subprocess.run(
        command, cwd=wanted.module, env=build_environment(wanted), capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise _failed(wanted, command, f"{done.stdout}{done.stderr}")
    return Path(cast("dict[str, str]", json.loads(done.stdout))["Dir"])


def _run(command: list[str], wanted: Wanted, say: Say) -> None:
    began = time.monotonic()
    process = subprocess.Popen(
        command,
        cwd=wanted.module,
        env=build_environment(wanted),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        while True:
            try:
                output, _ = process.communicate(timeout=SAY_EVERY)
                break
            except subprocess.TimeoutExpired:
                say(f"{wanted.title}: still building, {time.monotonic() - began:.0f} s")
    except BaseException:
        process.kill()
        process.wait()
        raise
    if process.returncode != 0:
        raise _failed(wanted, command, output)


def _failed(wanted: Wanted, command: list[str], output: str) -> BuildError:
    tail = "\n".join(output.strip().splitlines()[-20:])
    needs = f"; it also needs {', '.join(wanted.build.needs)} installed" if wanted.build.needs else ""
    return BuildError(
        f"building {wanted.title}: `{' '.join(command[:3])} … {command[-1]}` in {wanted.module} failed{needs}. "
        f"Go said:\n{tail}"
    )
