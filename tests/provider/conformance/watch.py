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


def fires(waits_for: str, first: dict[str, Seen], seconds: float) -> str:
    """Wait; why it ended."""
    until = time.monotonic() + seconds
    known, begun = first, False
    while time.monotonic() < until:
        if waits_for != "amid":
            now = look(known)
            changed = [one for name, one in now.items() if one != first.get(name)]
            under_way = any(one[2] in UNDER_WAY for one in changed)
            begun = begun or under_way
            if begun and (waits_for == "begun" or not under_way):
                return "between steps"
            known = now
        if select.select([sys.stdin], [], [], 0.001)[0]:
            return "when it was over"
    return "by time"


def main(waits_for: str, seconds: float) -> None:
    first = look({})
    print("ready", flush=True)
    sys.stdin.readline()
    why = fires(waits_for, first, seconds)
    held = agents()
    tell(held, signal.SIGSTOP)
    print(why, flush=True)
    while sys.stdin.readline() not in ("go\n", ""):
        pass
    tell(held, signal.SIGCONT)


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]))
