"""`python -m bench.contention`: five apps as processes on one server, one of them burning CPU and memory.

What processes on a shared server cost one another, and what limits give back: the latency of the other four, measured
from this computer. In the lab, which shares its processors with whoever asks, the figures are upper bounds.
"""

from __future__ import annotations

import http.client
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles
from typing import Any, cast

import yaml

from bareplane_provider import catalog
from bareplane_provider.kinds import KINDS
from bareplane_provider.plugin.call import KindContext
from bareplane_provider.plugin.kind import State
from bareplane_provider.plugin.masking import Mask
from bareplane_provider.transport.pool import Pool
from bench import servers
from bench.servers import Servers

OWNER = "bench/contention/0000000000000000"
NEIGHBOURS, BURNER = ("app-1", "app-2", "app-3", "app-4"), "app-5"
PORTS = {name: 8080 + number for number, name in enumerate((*NEIGHBOURS, BURNER), 1)}
SECONDS, PAUSE = 15.0, 0.02
BURNING = {"command": ["/hello", "burn"], "environment": {"BURN_MEMORY": "1024"}}
USAGE = "systemctl show -p CPUUsageNSec -p MemoryCurrent -p NRestarts bareplane-process-app-5.service"
PHASES: Sequence[tuple[str, Mapping[str, Any]]] = (
    ("five quiet apps", {}),
    ("one burns, no limits", BURNING),
    ("one burns, cpu: 500m", {**BURNING, "limits": {"cpu": "500m"}}),
    ("one burns, cpu: 500m, memory: 256Mi", {**BURNING, "limits": {"cpu": "500m", "memory": "256Mi"}}),
)


@dataclass(frozen=True)
class Seen:
    """Milliseconds of every answer of the other four, and what the fifth took meanwhile."""

    what: str
    latencies: Sequence[float]
    refused: int
    processors: float
    mebibytes: int
    restarts: int


class Apps:
    """The five on a server, made and changed as the provider does it."""

    def __init__(self, connection: Mapping[str, Any]) -> None:
        self._place = {"connection": dict(connection), "owner": OWNER}
        self._context = KindContext(Pool(), lambda text: None, lambda text: print(text, file=sys.stderr), Mask(()))
        self._states: dict[str, State] = {}
        KINDS["bareplane:index:Machine"].create("machine", dict(self._place), self._context)

    def set(self, name: str, more: Mapping[str, Any]) -> None:
        kind = KINDS["bareplane:index:AppProcess"]
        image = catalog.read_lock().image("hello").reference
        inputs = {**self._place, "app": name, "image": image, "port": PORTS[name], **more}
        old = self._states.get(name)
        if old is None:
            outputs = kind.create(name, inputs, self._context).outputs
        else:
            outputs = kind.update(name, old, inputs, self._context)
        self._states[name] = State(inputs, outputs)


def main() -> int:
    try:
        with tempfile.TemporaryDirectory(prefix="bareplane-contention-") as directory:
            lab = Path(directory) / "lab"
            try:
                print(table(measured(servers.fresh(lab, 1))))
            finally:
                servers.remove(lab)
    except subprocess.CalledProcessError as error:
        print(f"contention: {error}\n{error.stderr or ''}", file=sys.stderr)
        return 1
    return 0


def measured(one: Servers) -> list[Seen]:
    """All phases in turn."""
    document = cast("dict[str, Any]", yaml.safe_load(one.inventory.read_text()))
    apps = Apps(document["servers"][0])
    for name in NEIGHBOURS:
        apps.set(name, {})
    found: list[Seen] = []
    for what, more in PHASES:
        print(f"== {what}", flush=True)
        apps.set(BURNER, more)
        found.append(phase(what, one))
    return found


def phase(what: str, one: Servers) -> Seen:
    address = one.control_plane
    before, began = usage(one), time.monotonic()
    with ThreadPoolExecutor(len(NEIGHBOURS)) as pool:
        answers = list(pool.map(asked, [address] * len(NEIGHBOURS), [PORTS[one] for one in NEIGHBOURS]))
    after, seconds = usage(one), time.monotonic() - began
    return Seen(
        what,
        [latency for each in answers for latency in each if latency is not None],
        sum(latency is None for each in answers for latency in each),
        (after["CPUUsageNSec"] - before["CPUUsageNSec"]) / 1e9 / seconds,
        after["MemoryCurrent"] >> 20,
        after["NRestarts"] - before["NRestarts"],
    )


def asked(address: str, port: int) -> list[float | None]:
    """How long each answer took, one after another; None where there was none."""
    found: list[float | None] = []
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        began = time.monotonic()
        try:
            client = http.client.HTTPConnection(address, port, timeout=10)
            client.request("GET", "/work")
            client.getresponse().read()
            client.close()
            found.append((time.monotonic() - began) * 1000)
        except OSError:
            found.append(None)
        time.sleep(PAUSE)
    return found


def usage(one: Servers) -> dict[str, int]:
    """Of the fifth app: nanoseconds of processor, bytes, and how often systemd started it again."""
    shown = one.ssh(one.control_plane, USAGE)
    pairs = (line.partition("=") for line in shown.splitlines())
    return {name: int(value) if value.isdecimal() and int(value) < 1 << 63 else 0 for name, _, value in pairs}


def table(found: Sequence[Seen]) -> str:
    rows = [f"{'latency of the other four, ms':36} {'p50':>7} {'p99':>7} {'max':>7} {'answers':>8}   the fifth"]
    for one in found:
        points = quantiles(one.latencies, n=100)
        fifth = f"{one.processors:.2f} processors, {one.mebibytes} MiB, {one.restarts} restarts"
        rows.append(
            f"{one.what:36} {points[49]:7.1f} {points[98]:7.1f} {max(one.latencies):7.1f} {len(one.latencies):8d}"
            f"   {fifth}{f'; {one.refused} asked in vain' if one.refused else ''}"
        )
    return "\n".join(rows)


if __name__ == "__main__":
    sys.exit(main())
