"""`remove` and `sweep`: take back what an entry did, newest first."""

from __future__ import annotations

from itertools import groupby
from typing import Sequence

from . import systemd
from .context import Context
from .errors import AgentError, UndoError, in_words
from .items import TYPES
from .ledger import Note


def remove(context: Context) -> None:
    """Undo the context's entry and forget it. Stops at what cannot be undone; a second run goes on from there."""
    entry = context.entry
    if entry.state != "removing":
        entry.state = "removing"
        entry.write()
    undo_notes(entry.notes, context)
    if context.reload:
        systemd.reload(context.host)
        context.reload = False
    context.ledger.drop(entry)


def undo_notes(notes: Sequence[Note], context: Context) -> None:
    """Undo in reverse order; what was undone leaves the entry, also when a later one fails."""
    left = list(reversed(notes))
    try:
        for name, group in groupby(list(left), key=lambda note: note.type):
            kind = TYPES[name]
            for batch in [list(group)] if kind.grouped else [[note] for note in group]:
                context.channel.check()
                context.host.check_deadline(f"{context.entry.name}: undoing {batch[0].key}")
                _undo(batch, context)
                for note in batch:
                    left.remove(note)
                    context.entry.notes.remove(note)
    finally:
        if left:
            context.entry.write()


def _undo(batch: list[Note], context: Context) -> None:
    kind = TYPES[batch[0].type]
    mine = [note for note in batch if not (kind.shared and _pass_on(note, context))]
    try:
        if mine:
            kind.undo_many(mine, context)
    except AgentError as error:
        raise UndoError(f"undoing {error.item or batch[0].key}: {error.message}", error.item or batch[0].key) from error
    except OSError as error:
        raise UndoError(f"undoing {batch[0].key}: {in_words(error)}", batch[0].key) from error


def _pass_on(note: Note, context: Context) -> bool:
    """A younger entry holds the same item: it takes over what was there before, and the item stays."""
    found = context.ledger.later_holder(context.entry, note.key)
    if found is None:
        return False
    other, theirs = found
    before = dict(note.before)
    if "saved" in before:
        before["saved"] = other.save(context.entry.saved(before["saved"]))
    if isinstance(before.get("drop_ins"), dict):
        before["drop_ins"] = {path: other.save(context.entry.saved(name)) for path, name in before["drop_ins"].items()}
    theirs.before = before
    theirs.ours = [*note.ours, *(mark for mark in theirs.ours if mark not in note.ours)]
    other.write()
    return True
