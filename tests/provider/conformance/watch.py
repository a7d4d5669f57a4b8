"""Runs on a lab server, from its console: sees the agent's ledger change within a millisecond, and holds the agent.

Arguments: what to wait for (`begun`: an entry is meant to change; `done`: it has; `amid`: only the time), and after how
many seconds to stop waiting. Says `ready`; hears `start`, and perhaps `over`, which ends the waiting; says why it has
ended; hears `go` (or the end of the input) and lets go.
"""

import contextlib
import json
import os
import select
import signal
import sys
import time
from pathlib import Path

LEDGER = Path("/var/lib/bareplane/ledger")
UNDER_WAY = ("intent", "removing")
Seen = tuple[int, int, str]


def look(known: dict[str, Seen]) -> dict[str, Seen]:
    """Inode, time and state of each entry; what is unchanged is not read again."""
    found: dict[str, Seen] = {}
    with contextlib.suppress(OSError):
        for folder in LEDGER.iterdir():
            path = folder / "entry.json"
            # Entries come and go meanwhile.
            with contextlib.suppress(OSError, ValueError):
                now = path.stat()
                before = known.get(folder.name)
                if before is not None and before[:2] == (now.st_ino, now.st_mtime_ns):
                    found[folder.name] = before
                else:
                    found[folder.name] = (now.st_ino, now.st_mtime_ns, json.loads(path.read_text())["state"])
    return found


def agents() -> list[int]:
    found: list[int] = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with contextlib.suppress(OSError):
                if (folder / "cmdline").read_bytes().startswith(b"python3\0-I\0-S\0-c\0import sys"):
                    found.append(int(folder.name))
    return found


def tell(pids: list[int], number: int) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def under_way(first: dict[str, Seen], now: dict[str, Seen]) -> str | None:
    """The entry that is being worked on since, if there is one."""
    return next((name for name, one in now.items() if one != first.get(name) and one[2] in UNDER_WAY), None)


def over(seconds: float) -> bool:
    """Whether the client says so within that time."""
    return bool(select.select([sys.stdin], [], [], seconds)[0])


def finished(name: str, held: list[int], until: float) -> bool:
    """Wait for an entry to be done or gone, and hold the agent before it can say so: stop first, then look."""
    path = LEDGER / name / "entry.json"
    before = os.stat(path)  # noqa: PTH116  A hundred microseconds count here.
    while time.monotonic() < until and not over(0.0001):
        try:
            now = os.stat(path)  # noqa: PTH116
        except FileNotFoundError:
            tell(held, signal.SIGSTOP)
            return True
        if now.st_ino != before.st_ino:
            tell(held, signal.SIGSTOP)
            if json.loads(path.read_text())["state"] not in UNDER_WAY:
                return True
            tell(held, signal.SIGCONT)
            before = now
    return False


def holds(waits_for: str, first: dict[str, Seen], seconds: float) -> tuple[str, list[int]]:
    """Wait, and hold the agent; why the waiting ended, and which processes are held."""
    until = time.monotonic() + seconds
    why, known = "by time", first
    while time.monotonic() < until:
        if over(0.001):
            why = "when it was over"
            break
        if waits_for == "amid":
            continue
        known = look(known)
        name = under_way(first, known)
        if name is None:
            continue
        found = agents()
        if waits_for == "begun" or finished(name, found, until):
            tell(found, signal.SIGSTOP)
            return "between steps", found
    held = agents()
    tell(held, signal.SIGSTOP)
    return why, held


def main(waits_for: str, seconds: float) -> None:
    first = look({})
    print("ready", flush=True)
    sys.stdin.readline()
    why, held = holds(waits_for, first, seconds)
    print(why, flush=True)
    while sys.stdin.readline() not in ("go\n", ""):
        pass
    tell(held, signal.SIGCONT)


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]))
