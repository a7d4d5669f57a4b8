"""What one of containerd's namespaces stores: its images, and with them their contents; then the namespace itself."""

from __future__ import annotations

from ..context import Context
from ..errors import UndoError
from ..host import Host
from .base import Kind
from .containers import BATCH, find_ctr, listed


class Namespaces(Kind):
    """Where containerd does not answer there is nothing to do: its store goes with it."""

    argument = r"[A-Za-z0-9_.-]+"

    @classmethod
    def there(cls, argument: str, host: Host) -> list[str]:
        ctr = find_ctr(argument, host)
        if ctr is None or argument not in listed([*ctr, "namespaces", "ls", "-q"], host):
            return []
        return ["(the namespace)", *listed([*ctr, "images", "ls", "-q"], host)]

    @classmethod
    def clear(cls, argument: str, before: frozenset[str], context: Context) -> None:
        host, ctr = context.host, find_ctr(argument, context.host)
        if ctr is None or not (there := cls.there(argument, host)):
            return
        doomed = [name for name in there[1:] if name not in before]
        if doomed:
            context.progress(f"removing {len(doomed)} images")
        for start in range(0, len(doomed), BATCH):
            host.must([*ctr, "images", "delete", *doomed[start : start + BATCH]], timeout=300)
        if there[0] in before:
            return
        # containerd lets go of what nothing refers to when it gets to it, unless somebody waits for that.
        lease = host.must([*ctr, "leases", "create"]).out.split()[-1]
        host.must([*ctr, "leases", "delete", "--sync", lease], timeout=300)
        done = host.run([*ctr, "namespaces", "remove", argument])
        if done.code != 0:
            raise UndoError(f"removing containerd's namespace {argument}: {done.last_lines()}")
