"""One request in, its answer out."""

from __future__ import annotations

import os
import sys
import time
import traceback
from typing import IO, Any, Callable

from .apply import apply, planned
from .blobs import Blobs
from .channel import Channel
from .context import Context
from .errors import AgentError, in_words, of_the_machine
from .host import Host
from .inventory import inventory
from .ledger import Entry, Ledger
from .lock import machine_lock
from .observation import observe_all, public
from .probe import probe
from .remove import remove
from .request import Request, parse_request
from .watchdog import watch_over


def main(source: IO[bytes], sink: IO[bytes]) -> int:
    """Answer one request in a process of its own, which ends soon after the request's deadline in any case."""
    sys.dont_write_bytecode = True
    os.umask(0o022)
    return answer(source, sink, lambda request: watch_over(request.deadline, sink.fileno()))


def answer(source: IO[bytes], sink: IO[bytes], prepare: Callable[[Request], None]) -> int:
    """The exit code: 0 when the request was done, 1 when the last event is an error. `prepare` runs before the work."""
    channel = Channel(source, sink)
    channel.stop_on_signals()
    try:
        request = parse_request(channel.read_request())
        # Before the lock is taken, which no other process may inherit.
        prepare(request)
        done = perform(request, channel, Host())
    except AgentError as error:
        channel.send({"event": "error", "code": error.code, "message": error.message, "item": error.item})
        return 1
    except Exception as error:
        if isinstance(error, OSError) and of_the_machine(error):
            channel.send({"event": "error", "code": "failed", "message": in_words(error), "item": None})
            return 1
        # A defect of ours is reported like any failure, never as a broken channel.
        channel.send(
            {
                "event": "error",
                "code": "internal",
                "message": f"the agent failed: {type(error).__name__}: {error}",
                "item": None,
                "trace": traceback.format_exc(),
            }
        )
        return 1
    channel.send({"event": "result", **done})
    return 0


def perform(request: Request, channel: Channel, host: Host) -> dict[str, Any]:
    """The result's fields."""
    host.ends_at = time.monotonic() + request.deadline
    ledger = Ledger(host)
    if request.operation == "probe":
        return probe(host, ledger)
    if request.operation == "inventory":
        return {"inventory": inventory(host)}
    if request.operation == "entries":
        return {"entries": [_told(entry) for entry in ledger.entries()]}
    if request.operation == "observe":
        entry = ledger.find(request.entry) if request.entry else None
        facts = public(request.items, observe_all(request.items, host))
        return {"facts": facts, "entry": _told(entry) if entry else None}
    if request.operation == "plan":
        entry = ledger.open(request.entry, request.owner)
        return {"planned": planned(request.items, Context(host, channel, ledger, entry, Blobs(channel, host)))}
    # Half the time at most: whoever waits in vain is told who holds the lock, not that time ran out.
    with machine_lock(host, _words(request), min(request.lock_wait, request.deadline / 2)):
        # Nothing is begun for a client that went away while the lock was waited for.
        channel.check()
        return _change(request, channel, host, ledger)


def _change(request: Request, channel: Channel, host: Host, ledger: Ledger) -> dict[str, Any]:
    if request.exclusive:
        ledger.check_exclusive(request.owner)
    if request.operation == "apply":
        context = Context(host, channel, ledger, ledger.open(request.entry, request.owner), Blobs(channel, host))
        facts, changed = apply(request.items, context)
        return {"facts": public(request.items, facts), "changed": changed, "entry": _told(context.entry)}
    if request.operation == "remove":
        entry = ledger.owned(request.entry, request.owner)
        doomed = [entry] if entry else []
    else:
        doomed = [entry for entry in reversed(ledger.entries()) if entry.owner == request.owner]
    for entry in doomed:
        remove(Context(host, channel, ledger, entry, Blobs(channel, host)))
    ledger.tidy()
    return {"removed": [entry.name for entry in doomed]}


def _told(entry: Entry) -> dict[str, Any]:
    return {
        "name": entry.name,
        "owner": entry.owner,
        "sequence": entry.sequence,
        "state": entry.state,
        "items": [note.key for note in entry.notes],
        "written": entry.written,
    }


def _words(request: Request) -> dict[str, str]:
    return {
        "owner": request.owner,
        "operation": f"{request.operation} {request.entry}".strip(),
        "since": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "from": os.environ.get("SSH_CONNECTION", "").split(" ")[0],
    }
