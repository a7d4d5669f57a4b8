"""Directories made on the way to a file: they go when the last thing of ours in them has gone."""

from __future__ import annotations

import errno
import os

from .context import Context
from .files import missing_parents
from .host import Host
from .ledger import Note


def parents_before(path: str, host: Host) -> list[str]:
    """The parents of an item's path that do not exist yet, outermost first, as paths of the machine."""
    return [folder[len(host.root) :] for folder in missing_parents(host.path(path))]


def undo_parents(note: Note, context: Context) -> None:
    """Remove directories we made, innermost first; one still in use passes to an item that is in it."""
    folders: list[str] = note.before.get("parents", [])
    for folder in reversed(folders):
        if not remove_folder(context.host.path(folder)) and not hand_over(folder, note, context):
            context.warn(f"{folder} was made by us and is not empty; what others put there keeps it", note.key)


def remove_folder(path: str) -> bool:
    """rmdir; false when something is in it."""
    try:
        os.rmdir(path)
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError as error:
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST, errno.EBUSY):
            raise
        return False
    return True


def hand_over(folder: str, own: Note, context: Context) -> bool:
    """Let the directory's own note remove it, or another note below it, when it goes."""
    inside = folder + "/"
    # Notes of this entry that are still there are still to be undone, and will try again.
    for entry in [context.entry, *context.ledger.others(context.entry)]:
        for note in entry.notes:
            if note is own:
                continue
            paths: list[str] = [*note.record.get("paths", []), note.record.get("path", "")]
            if note.type == "directory" and note.absent and folder in paths:
                return True
            if any(path.startswith(inside) for path in paths):
                known: list[str] = note.before.setdefault("parents", [])
                if folder not in known:
                    known.append(folder)
                    known.sort(key=len)
                    if entry is not context.entry:
                        entry.write()
                return True
    return False
