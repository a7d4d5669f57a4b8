"""Bringing units back to the state they had before us."""

from __future__ import annotations

import os
import shutil
from glob import glob
from typing import Sequence

from . import systemd
from .context import Context
from .errors import UndoError
from .ledger import Note

STOP_TIMEOUT = 150


def undo_units(notes: Sequence[Note], context: Context) -> None:
    """Stop and disable what was not there before; give back drop-ins and state to what was."""
    host = context.host
    if host.find("systemctl") is None:
        return
    shown = systemd.show(host, [note.record["name"] for note in notes])
    present = [note for note in notes if shown[note.record["name"]]["LoadState"] not in ("not-found", "masked")]
    by_name = {note.record["name"]: shown[note.record["name"]] for note in notes}
    disable = [
        note.record["name"]
        for note in present
        if by_name[note.record["name"]]["UnitFileState"] == "enabled" and note.before["enabled"] != "enabled"
    ]
    stop = [
        note.record["name"]
        for note in notes
        if by_name[note.record["name"]]["ActiveState"] not in ("inactive", "failed")
        and note.before["active"] not in ("active", "activating")
    ]
    if disable:
        host.must(["systemctl", "--quiet", "disable", "--", *disable])
    if stop:
        context.progress(f"stopping {', '.join(stop)}")
        done = host.run(["systemctl", "stop", "--", *stop], timeout=STOP_TIMEOUT)
        if done.code != 0:
            raise UndoError(f"stopping {', '.join(stop)}: {done.last_lines()}", notes[0].key)
    _clean(notes, context)
    gone = [note.record["name"] for note in notes if note.absent]
    if gone:
        # A unit that ended badly stays in systemd's memory after its file; there may be nothing to reset.
        host.run(["systemctl", "reset-failed", "--", *gone])
        _remove_links(gone, context)
    for note in notes:
        _give_back(note, by_name[note.record["name"]], context)


def _remove_links(names: Sequence[str], context: Context) -> None:
    """`systemctl disable` leaves the links of a unit whose file somebody has removed by hand."""
    for name in names:
        for link in glob(context.host.path(f"/etc/systemd/system/*.*/{name}")):
            if os.path.islink(link) and not os.path.exists(link):
                os.unlink(link)
                context.reload = True


def _clean(notes: Sequence[Note], context: Context) -> None:
    """Have systemd remove the state, cache and log directories it made for units of ours."""
    names = [note.record["name"] for note in notes if note.absent and note.record["clean"]]
    for name in names:
        done = context.host.run(["systemctl", "clean", "--what=all", "--", name])
        # A unit without such directories, or already gone, has nothing to clean.
        if done.code != 0 and "not loaded" not in done.err and "No matching" not in done.err:
            context.warn(f"cleaning {name}: {done.last_lines()}", f"unit {name}")


def _give_back(note: Note, now: dict[str, str], context: Context) -> None:
    if note.absent:
        return
    host, name = context.host, note.record["name"]
    for path, saved in note.before["drop_ins"].items():
        if not os.path.exists(host.path(path)):
            os.makedirs(os.path.dirname(host.path(path)), exist_ok=True)
            shutil.copyfile(context.entry.saved(saved), host.path(path))
            context.reload = True
    # Only what we turned off is turned on again: a unit someone has changed since is in neither of our states.
    if note.before["enabled"] == "enabled" and now["UnitFileState"] == "disabled":
        host.must(["systemctl", "--quiet", "enable", "--", name])
    if note.before["active"] == "active" and now["ActiveState"] == "inactive":
        if context.reload:
            systemd.reload(host)
            context.reload = False
        host.must(["systemctl", "start", "--", name])
