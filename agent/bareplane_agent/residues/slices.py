"""systemd slices by the name of their top one without `.slice`: a kubelet with the systemd driver leaves its own."""

from __future__ import annotations

from ..context import Context
from ..errors import UndoError
from ..host import Host
from .base import Kind


class Slices(Kind):
    argument = r"[A-Za-z0-9_.@:]+"

    @classmethod
    def there(cls, argument: str, host: Host) -> list[str]:
        # A slice a-b.slice lies below a.slice: that is how systemd names them.
        patterns = [f"{argument}.slice", f"{argument}-*.slice"]
        listing = ["systemctl", "list-units", "--type=slice", "--state=active", "--plain", "--no-legend", *patterns]
        return sorted(line.split()[0] for line in host.run(listing).out.splitlines() if line.strip())

    @classmethod
    def clear(cls, argument: str, before: frozenset[str], context: Context) -> None:
        doomed = [name for name in cls.there(argument, context.host) if name not in before]
        if not doomed:
            return
        done = context.host.run(["systemctl", "stop", "--", *doomed])
        if done.code != 0:
            raise UndoError(f"stopping {', '.join(doomed)}: {done.last_lines()}")
