"""`apply`: bring the items about, with every previous value in the ledger first."""

from __future__ import annotations

import time
from itertools import groupby
from typing import Iterator, Sequence

from . import systemd
from .context import Context
from .errors import AgentError, UnsettledError, in_words
from .items.base import Facts, Item
from .ledger import Note
from .observation import observe_all
from .remove import undo_notes


def apply(items: Sequence[Item], context: Context) -> tuple[dict[str, Facts], list[str]]:
    """Facts after it, and the keys of the items that were changed. Nothing is written when nothing differs."""
    host, entry = context.host, context.entry
    facts = _observed(items, context)
    pending = _plan(items, facts, context)
    wanted = {item.key for item in items}
    stale = [note for note in entry.notes if note.key not in wanted]
    noted = {note.key for note in entry.notes}
    if entry.state == "done" and not pending and not stale and wanted == noted:
        return facts, []
    _intend(items, pending, context)
    context.blobs.ask([blob for item in items if (blob := item.upload(facts[item.key])) is not None])
    touched: set[str] = set()
    for group in _groups(items):
        context.channel.check()
        touched.update(_apply_group(group, facts, context))
    undo_notes(stale, context)
    if context.reload:
        systemd.reload(host)
        context.reload = False
    after = _settle(items, facts, touched, context)
    _finish(items, after, context)
    return after, sorted(touched)


def planned(items: Sequence[Item], context: Context) -> list[str]:
    """Keys of the items that `apply` would change now; nothing is written."""
    return _plan(items, _observed(items, context), context)


def _observed(items: Sequence[Item], context: Context) -> dict[str, Facts]:
    """The facts now, with everything known that judging them needs."""
    entry = context.entry
    for item in items:
        item.recall(context.ledger, entry, items)
    if entry.state == "intent":
        # Taking up a run that was cut: what it may have changed counts as changed, so that units restart.
        context.changed.update(entry.pending)
        context.changed_at.update((key, time.monotonic()) for key in entry.pending)
    return observe_all(items, context.host)


def _plan(items: Sequence[Item], facts: dict[str, Facts], context: Context) -> list[str]:
    """Keys of what will be changed, as far as can be told beforehand."""
    changed = set(context.changed)
    planned: list[str] = []
    for item in items:
        if item.differs(facts[item.key], changed, context.host):
            changed.add(item.key)
            planned.append(item.key)
    return planned


def _intend(items: Sequence[Item], planned: list[str], context: Context) -> None:
    """Write down what is there before anything changes, and what is meant to."""
    entry = context.entry
    try:
        for item in items:
            _note(item, context)
    except BaseException:
        context.ledger.abandon(entry)
        raise
    order = {item.key: place for place, item in enumerate(items)}
    entry.notes.sort(key=lambda note: order.get(note.key, -1))
    entry.pending = sorted({*planned, *(entry.pending if entry.state == "intent" else [])})
    entry.state = "intent"
    entry.write()


def _note(item: Item, context: Context) -> None:
    note = context.entry.note(item.key)
    if note is None:
        note = Note(item.type, item.key, item.record(), item.before(context.host, context.entry))
        context.entry.notes.append(note)
    else:
        # What undo must know can change (a directory became a tree); what was there before cannot.
        note.record = item.record()
        item.amend(note, context.host, context.entry)
    mark = item.ours()
    if mark is not None and mark not in note.ours:
        note.ours.append(mark)


def _groups(items: Sequence[Item]) -> Iterator[list[Item]]:
    for grouped, group in groupby(items, key=lambda item: type(item) if item.grouped else None):
        if grouped is not None:
            yield list(group)
        else:
            for item in group:
                yield [item]


def _apply_group(group: list[Item], facts: dict[str, Facts], context: Context) -> set[str]:
    """Apply what differs in it, as seen now; answers the keys changed."""
    kind = type(group[0])
    context.host.check_deadline(f"{context.entry.name}: {group[0].key}")
    try:
        # Programs may have changed anything; plain items before this one cannot have changed a plain item.
        if kind.volatile or context.dirty:
            facts.update(observe_all(group, context.host))
        due: list[Item] = []
        for item in group:
            if item.differs(facts[item.key], context.changed, context.host):
                due.append(item)
                context.changed.add(item.key)
        if due:
            # What starts while they are applied (kubeadm starts the kubelet itself) has them as they are now.
            began = time.monotonic()
            kind.apply_many(due, facts, context)
            context.changed_at.update((item.key, began) for item in due if item.key in context.changed)
            context.dirty = context.dirty or kind.volatile
    except AgentError as error:
        error.item = error.item or group[0].key
        raise
    except OSError as error:
        raise AgentError(f"{group[0].key}: {in_words(error)}", group[0].key) from error
    return {item.key for item in due}


def _settle(items: Sequence[Item], facts: dict[str, Facts], touched: set[str], context: Context) -> dict[str, Facts]:
    """Observe again what may have changed; every item must now be as asked for."""
    again = [item for item in items if item.key in touched or item.volatile or context.dirty]
    after = {**facts, **observe_all(again, context.host)}
    for item in items:
        why = item.settled(after[item.key])
        if why is not None:
            raise UnsettledError(f"{item.key} was applied and is still not as asked for: {why}", item.key)
    return {item.key: after[item.key] for item in items}


def _finish(items: Sequence[Item], facts: dict[str, Facts], context: Context) -> None:
    entry = context.entry
    for item in items:
        note, mark = entry.note(item.key), item.ours()
        if note is None:
            continue
        item.remember(note, facts[item.key])
        if mark is not None:
            note.ours = [mark]
    entry.pending = []
    entry.state = "done"
    entry.write()
