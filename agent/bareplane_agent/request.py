"""The request, one line of JSON."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from .errors import RequestError
from .fields import Fields
from .items import parse_items
from .items.base import Item

OPERATIONS = ("probe", "observe", "plan", "apply", "remove", "sweep", "entries", "inventory")
LONGEST_NAME = 255
ENTRY = r"[A-Za-z0-9][A-Za-z0-9._:@-]*(/[A-Za-z0-9][A-Za-z0-9._:@-]*)*"


@dataclass(frozen=True)
class Request:
    """What the client asks for. `exclusive`: no other owner may have anything on the machine."""

    operation: str
    entry: str
    owner: str
    deadline: float
    lock_wait: float
    exclusive: bool
    items: tuple[Item, ...]


def parse_request(value: object) -> Request:
    fields = Fields(value, "request")
    operation = fields.one_of("operation", OPERATIONS, "")
    items = parse_items(fields.listed("items"), observing=operation not in ("plan", "apply"))
    request = Request(
        operation=operation,
        entry=fields.text("entry", ENTRY, ""),
        owner=fields.text("owner", r"[^\x00-\x1f]+", ""),
        deadline=fields.number("deadline", 600),
        lock_wait=fields.number("lock_wait", 60),
        exclusive=fields.flag("exclusive", False),
        items=items,
    )
    fields.finish()
    if len(quote(request.entry, safe="")) > LONGEST_NAME:
        raise RequestError(f"request: field 'entry' is longer than a directory's name may be ({LONGEST_NAME} bytes)")
    if operation in ("plan", "apply", "remove") and not request.entry:
        raise RequestError(f"request: {operation} needs an entry")
    if operation in ("plan", "apply", "remove", "sweep") and not request.owner:
        raise RequestError(f"request: {operation} needs an owner")
    return request
