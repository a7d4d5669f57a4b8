"""systemctl, as few times as possible."""

from __future__ import annotations

from typing import Sequence

from .errors import CommandError
from .host import Host

PROPERTIES = (
    "Id",
    "LoadState",
    "ActiveState",
    "ActiveEnterTimestampMonotonic",
    "Job",
    "UnitFileState",
    "FragmentPath",
    "DropInPaths",
    "NeedDaemonReload",
)
UNIT_FOLDERS = ("/etc/systemd/system/", "/run/systemd/system/", "/usr/lib/systemd/system/", "/lib/systemd/system/")


def is_unit_path(path: str) -> bool:
    """A file whose change systemd must be told of."""
    return path.startswith(UNIT_FOLDERS)


def show(host: Host, names: Sequence[str]) -> dict[str, dict[str, str]]:
    """Properties of each unit by the name asked for, in one call."""
    if not names:
        return {}
    done = host.run(["systemctl", "show", "--property=" + ",".join(PROPERTIES), "--", *names])
    if done.code != 0:
        raise CommandError(f"systemctl show {' '.join(names)}: exit code {done.code}\n{done.last_lines()}")
    blocks = [parse_show(block) for block in done.out.strip("\n").split("\n\n")]
    if len(blocks) != len(names):
        raise CommandError(f"systemctl show: asked for {len(names)} units, answered for {len(blocks)}")
    return dict(zip(names, blocks))


def parse_show(text: str) -> dict[str, str]:
    """`Name=value` lines."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        name, mark, value = line.partition("=")
        if mark:
            found[name] = value
    return found


def reload(host: Host) -> None:
    host.must(["systemctl", "daemon-reload"])


def journal(host: Host, name: str, lines: int = 15) -> str:
    """The last lines a unit wrote."""
    done = host.run(["journalctl", "--unit", name, "--lines", str(lines), "--no-pager", "--output", "cat"], timeout=20)
    return done.out.strip() or "(the journal has nothing of it)"
