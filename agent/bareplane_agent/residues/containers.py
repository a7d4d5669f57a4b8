"""containerd's tasks, containers and leases in a namespace, whether containerd runs or not."""

from __future__ import annotations

import os
import shutil

from ..context import Context
from ..errors import UndoError
from ..host import Host
from ..mounts import mount_points, unmount
from ..processes import descendants, end, native, running
from .base import Kind

SOCKET = "/run/containerd/containerd.sock"
SHIM = "containerd-shim-runc-v2"
TASKS = "/run/containerd/io.containerd.runtime.v2.task"
# Handed to one program run at a time; an argument list is bounded.
BATCH = 200


class Containers(Kind):
    argument = r"[A-Za-z0-9_.-]+"

    @classmethod
    def there(cls, argument: str, host: Host) -> list[str]:
        ctr = find_ctr(argument, host)
        if ctr is None:
            return [f"container {name}" for name in _bundles(argument, host)]
        found = [f"container {name}" for name in listed([*ctr, "containers", "ls", "-q"], host)]
        return found + [f"lease {name}" for name in listed([*ctr, "leases", "ls", "-q"], host)]

    @classmethod
    def clear(cls, argument: str, before: frozenset[str], context: Context) -> None:
        host, ctr = context.host, find_ctr(argument, context.host)
        if ctr is None:
            _clear_without(argument, before, context)
            return
        doomed = [name for name in listed([*ctr, "containers", "ls", "-q"], host) if f"container {name}" not in before]
        if doomed:
            context.progress(f"removing {len(doomed)} containers")
        for start in range(0, len(doomed), BATCH):
            some = doomed[start : start + BATCH]
            # Both fail for those without a task, or gone meanwhile; what counts is what is left.
            host.run([*ctr, "tasks", "delete", "--force", *some], timeout=120)
            host.run([*ctr, "containers", "delete", *some], timeout=120)
        for name in listed([*ctr, "leases", "ls", "-q"], host):
            if f"lease {name}" not in before:
                host.run([*ctr, "leases", "delete", name])
        left = set(listed([*ctr, "containers", "ls", "-q"], host)).intersection(doomed)
        if left:
            raise UndoError(f"removing container {sorted(left)[0]} in namespace {argument}: containerd still has it")
        _clear_without(argument, before, context)


def find_ctr(namespace: str, host: Host) -> list[str] | None:
    """How to call ctr; None where containerd does not answer."""
    if not os.path.exists(host.path(SOCKET)):
        return None
    folders = [os.path.dirname(one.program) for one in native() if os.path.basename(one.program) == "containerd"]
    candidates = [os.path.join(folder, "ctr") for folder in folders]
    program = next((one for one in candidates if os.access(one, os.X_OK)), None) or host.find("ctr")
    if program is None or not folders:
        return None
    call = [program, "--address", host.path(SOCKET), "--connect-timeout", "2s", "--namespace", namespace]
    return call if host.run([*call, "version"], timeout=10).code == 0 else None


def listed(argv: list[str], host: Host) -> list[str]:
    return host.must(argv, timeout=60).out.split()


def _bundles(namespace: str, host: Host) -> list[str]:
    folder = os.path.join(host.path(TASKS), namespace)
    return sorted(os.listdir(folder)) if os.path.isdir(folder) else []


def _clear_without(namespace: str, before: frozenset[str], context: Context) -> None:
    """End shims and what runs under them, and remove their bundles."""
    everything = running()
    shims = [
        one
        for one in native()
        if os.path.basename(one.program) == SHIM
        and _after(one.arguments, "-namespace") == namespace
        and f"container {_after(one.arguments, '-id')}" not in before
    ]
    if shims:
        context.progress(f"ending {len(shims)} container shims")
        # Containers first: a shim that goes first leaves its containers to init.
        end(descendants([one.pid for one in shims], everything), context.host, patience=2)
        end(shims, context.host, patience=2)
    for name in _bundles(namespace, context.host):
        if f"container {name}" in before:
            continue
        bundle = os.path.join(context.host.path(TASKS), namespace, name)
        for place in reversed([place for place in mount_points() if place.startswith(bundle + "/")]):
            unmount(place, context.host)
        shutil.rmtree(bundle)


def _after(words: tuple[str, ...], word: str) -> str:
    return next((words[at + 1] for at, one in enumerate(words[:-1]) if one == word), "")
