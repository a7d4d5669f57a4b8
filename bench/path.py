"""The critical path of an update: the chain of resources that decided how long it took, and what each waited for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench.events import Step
from bench.result import PARTS, Part

# What a phase says while bytes are moved; anything else it says is about programs that it runs or waits for.
MOVING = ("transferring", "writing", "importing", "connecting", "waiting for the lock", "getting")
# These have no phase on a machine: they wait for, or speak with, the cluster from their first moment on.
WAITING = frozenset({"EtcdQuorum", "ClusterBootstrap", "NodeMembership", "Manifest"})


@dataclass(frozen=True)
class Link:
    """A step of the path, and the time between the end of what it depended on and its own beginning."""

    step: Step
    gap: float


def critical_path(steps: Sequence[Step], depends: Mapping[str, Sequence[str]]) -> list[Link]:
    """From the first step to the last one to end; `depends` is what each URN depends on."""
    by_urn = {step.urn: step for step in steps if step.urn in depends}
    if not by_urn:
        return []
    last = max(by_urn.values(), key=lambda step: step.ended)
    path: list[Link] = []
    while True:
        before = [by_urn[urn] for urn in depends[last.urn] if urn in by_urn]
        if not before:
            return [Link(last, last.begun), *path]
        decisive = max(before, key=lambda step: step.ended)
        path.insert(0, Link(last, max(0.0, last.begun - decisive.ended)))
        last = decisive


def split(path: Sequence[Link], total: float) -> dict[Part, float]:
    """The whole run's seconds by what they went to; what no step of the path explains is the engine's."""
    parts: dict[Part, float] = dict.fromkeys(PARTS, 0.0)
    for link in path:
        for part, seconds in parts_of(link.step):
            parts[part] += seconds
    parts["engine"] = total - parts["SSH and transfer"] - parts["components"]
    return parts


def parts_of(step: Step) -> list[tuple[Part, float]]:
    """One step's time, cut at what it said. Until it says something it is reached, looked at, and written down."""
    part: Part = "components" if step.kind in WAITING else "SSH and transfer"
    found: list[tuple[Part, float]] = []
    since = step.begun
    for when, text in step.said:
        found.append((part, when - since))
        since = when
        if step.kind not in WAITING:
            part = "SSH and transfer" if moves(text) else "components"
    return [*found, (part, step.ended - since)]


def moves(text: str) -> bool:
    return text.rpartition(": ")[2].startswith(MOVING)
