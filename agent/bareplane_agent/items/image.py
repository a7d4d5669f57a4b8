"""A container image in containerd's store."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any, Sequence

from ..context import Context
from ..errors import AgentError
from ..fields import NAME, SHA256, Fields
from ..files import remove_file
from ..host import Host
from ..ledger import Entry, Note
from .base import Facts, Item, difference

IMPORT_TIMEOUT = 900
KUBERNETES = "k8s.io"


@dataclass
class Image(Item):
    """Imported from a streamed archive, or pulled by the machine."""

    type = "image"
    volatile = True

    reference: str
    digest: str | None
    blob: str | None
    pull: bool
    namespace: str
    ctr: str
    address: str

    @classmethod
    def parse(cls, fields: Fields) -> Image:
        item = cls(
            reference=fields.text("reference", r"[A-Za-z0-9][A-Za-z0-9_./:@-]*"),
            digest=fields.optional_text("digest", f"sha256:{SHA256}"),
            blob=fields.optional_text("upload", SHA256),
            pull=fields.flag("pull", False),
            namespace=fields.text("namespace", NAME, KUBERNETES),
            ctr=fields.path("ctr"),
            address=fields.path("address"),
        )
        if item.blob is None and not item.pull and not fields.observing:
            raise fields.wrong("upload", "is missing, and 'pull' is not set")
        return item

    @property
    def key(self) -> str:
        # One of another namespace's is another image, and its undo another one's.
        return f"image {self.reference}" + ("" if self.namespace == KUBERNETES else f" in {self.namespace}")

    @property
    def call(self) -> list[str]:
        return [self.ctr, "--address", self.address, "--connect-timeout", "5s", "--namespace", self.namespace]

    def observe(self, host: Host) -> Facts:
        return self.observe_many([self], host)[self.key]

    @classmethod
    def observe_many(cls, items: Sequence[Image], host: Host) -> dict[str, Facts]:
        stores: dict[tuple[str, ...], dict[str, str] | None] = {}
        for item in items:
            if tuple(item.call) not in stores:
                stores[tuple(item.call)] = digests(item.call, host)
        found: dict[str, Facts] = {}
        for item in items:
            store = stores[tuple(item.call)]
            found[item.key] = {"digest": "unreachable" if store is None else store.get(item.reference, "absent")}
        return found

    def expected(self) -> Facts | None:
        return {"digest": self.digest} if self.digest else None

    def differs(self, facts: Facts, changed: Any, host: Host) -> bool:
        return self.settled(facts) is not None

    def settled(self, facts: Facts) -> str | None:
        if self.digest is None:
            return None if facts["digest"].startswith("sha256:") else f"digest is {facts['digest']}"
        return difference(facts, {"digest": self.digest})

    def upload(self, facts: Facts) -> str | None:
        return self.blob if self.settled(facts) is not None else None

    def record(self) -> dict[str, Any]:
        return {"reference": self.reference, "call": self.call, "address": self.address}

    def before(self, host: Host, entry: Entry) -> dict[str, Any]:
        digest = self.observe(host)["digest"]
        return {"absent": not digest.startswith("sha256:"), "digest": digest}

    def apply(self, context: Context, facts: Facts) -> None:
        if facts["digest"] == "unreachable":
            raise AgentError(f"storing {self.reference}: containerd does not answer at {self.address}", self.key)
        if self.blob is None:
            context.progress(f"pulling {self.reference}")
            context.host.must([*self.call, "images", "pull", self.reference], timeout=IMPORT_TIMEOUT)
            return
        context.progress(f"importing {self.reference}")
        archive = os.path.join(context.entry.folder, "incoming.tar")
        context.blobs.receive(self.blob, archive)
        try:
            context.host.must([*self.call, "images", "import", archive], timeout=IMPORT_TIMEOUT)
        finally:
            remove_file(archive)

    @classmethod
    def undo(cls, note: Note, context: Context) -> None:
        call = list(note.record["call"])
        # Where containerd does not run any more, its store goes with its own entry.
        if not note.absent or not os.path.exists(context.host.path(note.record["address"])):
            return
        store = digests(call, context.host)
        if store is None or note.record["reference"] not in store:
            return
        context.host.must([*call, "images", "delete", note.record["reference"]])


def digests(call: Sequence[str], host: Host) -> dict[str, str] | None:
    """Digest by reference; None where containerd does not answer."""
    if host.find(call[0]) is None:
        return None
    done = host.run([*call, "images", "ls"], timeout=60)
    if done.code != 0:
        return None
    return parse_images(done.out)


def parse_images(text: str) -> dict[str, str]:
    """`REF TYPE DIGEST …`, of which a type may be empty; the digest is the field that looks like one."""
    found: dict[str, str] = {}
    for line in text.splitlines()[1:]:
        words = line.split()
        digest = next((word for word in words[1:] if word.startswith("sha256:")), None)
        if digest is not None:
            found[words[0]] = digest
    return found
