"""A program that is run when what it should bring about is not so."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import AbstractSet, Any, Sequence

from ..context import Context
from ..errors import CommandError, MissingError
from ..fields import Fields
from ..files import content_of, look
from ..host import Host
from ..ledger import Entry, Ledger, Note
from ..parents import parents_before, undo_parents
from .base import Facts, Item
from .produced import KEPT, Produced, undo_produced


@dataclass
class Command(Item):
    """Runs when a produced path is missing or wrong, when `unless` fails, or when an item of `rerun_on` was changed;
    with none of the three given, every time. Wrong is also what is not as the last run left it (`made`, by path)."""

    type = "command"
    volatile = True
    shared = False

    name: str
    argv: tuple[str, ...]
    environment: dict[str, str] = field(repr=False)
    stdin: bytes | None = field(repr=False)
    produces: tuple[Produced, ...]
    unless: tuple[str, ...]
    rerun_on: tuple[str, ...]
    replace: bool
    sensitive: bool
    timeout: float
    made: dict[str, Facts] = field(default_factory=dict[str, Facts])

    @classmethod
    def parse(cls, fields: Fields) -> Command:
        argv = fields.texts("argv")
        if not argv and not fields.observing:
            raise fields.wrong("argv", "must name a program")
        made = [Produced.parse(value, f"{fields.what}: produces") for value in fields.listed("produces")]
        made += [Produced.parse({"path": path}, f"{fields.what}: creates") for path in fields.texts("creates")]
        return cls(
            name=fields.text("name", r"[^\x00-\x1f]+"),
            argv=argv,
            environment=fields.mapping("environment"),
            stdin=fields.optional_bytes("stdin"),
            produces=tuple(made),
            unless=fields.texts("unless"),
            rerun_on=fields.texts("rerun_on"),
            replace=fields.flag("replace", False),
            sensitive=fields.flag("sensitive", False),
            timeout=fields.number("timeout", 3600),
        )

    @property
    def key(self) -> str:
        return f"command {self.name}"

    def observe(self, host: Host) -> Facts:
        return {f"{made.path} {name}": value for made in self.produces for name, value in made.observe(host).items()}

    def recall(self, ledger: Ledger, entry: Entry, beside: Sequence[Item]) -> None:
        note = entry.note(self.key)
        self.made = dict(note.made) if note is not None else {}

    def wrong(self, facts: Facts) -> dict[str, str]:
        """Why it has to run, by produced path."""
        whys = {one.path: one.wrong(of(one, facts), self.made.get(one.path, {})) for one in self.produces}
        return {path: why for path, why in whys.items() if why is not None}

    def misplaced(self, facts: Facts) -> list[Produced]:
        """What has another mode or owner than it was given."""
        return [one for one in self.produces if one.misplaced(of(one, facts), self.made.get(one.path, {}))]

    def due(self, facts: Facts, changed: AbstractSet[str], host: Host) -> bool:
        """Whether the program has to run."""
        if not (self.produces or self.unless or self.rerun_on):
            return True
        if self.wrong(facts) or not changed.isdisjoint(self.rerun_on):
            return True
        return bool(self.unless) and not self._holds(host)

    def differs(self, facts: Facts, changed: AbstractSet[str], host: Host) -> bool:
        return bool(self.misplaced(facts)) or self.due(facts, changed, host)

    def _holds(self, host: Host) -> bool:
        try:
            return host.run(self.unless, environment=self.environment).code == 0
        except MissingError:
            # The program that could tell may be installed by an item before this one.
            return False

    def settled(self, facts: Facts) -> str | None:
        return next(iter(self.wrong(facts).values()), None)

    def record(self) -> dict[str, Any]:
        return {"paths": [made.path for made in self.produces]}

    def before(self, host: Host, entry: Entry) -> dict[str, Any]:
        return {
            "paths": {made.path: made.before(host, entry) for made in self.produces},
            "parents": sorted({one for made in self.produces for one in parents_before(made.path, host)}, key=len),
        }

    def amend(self, note: Note, host: Host, entry: Entry) -> None:
        known: dict[str, Any] = note.before["paths"]
        for made in self.produces:
            if made.path not in known:
                known[made.path] = made.before(host, entry)
                note.before["parents"] = sorted({*note.before["parents"], *parents_before(made.path, host)}, key=len)

    def remember(self, note: Note, facts: Facts) -> None:
        found = {one.path: of(one, facts) for one in self.produces}
        note.made = {path: {name: own[name] for name in KEPT if name in own} for path, own in found.items()}

    def apply(self, context: Context, facts: Facts) -> None:
        misplaced = self.misplaced(facts)
        if self.due(facts, context.changed, context.host):
            outdated = self._outdated(facts, context.changed) if self.replace else []
            for one in outdated:
                one.remove(context.host)
            self._run(context)
            # A program that writes over a file leaves it the mode and owner it has.
            misplaced = [one for one in misplaced if one not in outdated]
        else:
            # What the program made is as it was, for all that read it.
            context.changed.discard(self.key)
        for one in misplaced:
            one.put_right(self.made[one.path], context.host)
        # How the program left it is what is right from now on.
        self.made = {}

    def _run(self, context: Context) -> None:
        context.progress(f"running {self.name}")
        done = context.host.run(self.argv, timeout=self.timeout, environment=self.environment, stdin=self.stdin)
        if done.code != 0:
            said = "its output is withheld" if self.sensitive else done.last_lines()
            raise CommandError(f"{self.name}: {self.argv[0]} ended with exit code {done.code}\n{said}", self.key)
        note = context.entry.note(self.key)
        if note is not None:
            for made in self.produces:
                path = context.host.path(made.path)
                note.ours.append(content_of(path, look(path)))

    def _outdated(self, facts: Facts, changed: AbstractSet[str]) -> list[Produced]:
        """All of it when the inputs changed; else what is wrong, certificates with their keys."""
        if not changed.isdisjoint(self.rerun_on):
            return list(self.produces)
        bad = set(self.wrong(facts))
        return [one for one in self.produces if one.path in bad or one.key in bad]

    @classmethod
    def undo(cls, note: Note, context: Context) -> None:
        for path, before in reversed(list(note.before["paths"].items())):
            undo_produced(path, before, note.ours, note.key, context)
        undo_parents(note, context)


def of(produced: Produced, facts: Facts) -> Facts:
    """The facts of one produced path."""
    start = produced.path + " "
    return {name[len(start) :]: value for name, value in facts.items() if name.startswith(start)}
