"""The agent on a temporary root: the same engine, with paths elsewhere."""

from __future__ import annotations

import base64
import grp
import io
import json
import os
import pwd
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from bareplane_agent.channel import Channel
from bareplane_agent.host import Host
from bareplane_agent.main import perform
from bareplane_agent.request import parse_request

ME = {"owner": pwd.getpwuid(os.getuid()).pw_name, "group": grp.getgrgid(os.getgid()).gr_name}
OWNER = f"{ME['owner']}:{ME['group']}"


@dataclass
class Machine:
    """A directory that stands in for a machine, and what the agent said."""

    root: Path
    said: list[dict[str, Any]] = field(default_factory=list)

    def path(self, path: str) -> Path:
        return self.root / path.lstrip("/")

    def write(self, path: str, text: str, mode: int = 0o644) -> Path:
        place = self.path(path)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
        place.chmod(mode)
        return place

    def ask(self, operation: str, wire: bytes = b"", **request: Any) -> dict[str, Any]:
        """One request; raises what the engine raises."""
        sink = io.BytesIO()
        full = {"operation": operation, "entry": "server-1/a", "owner": "me", **request}
        try:
            return perform(parse_request(full), Channel(io.BytesIO(wire), sink), Host(str(self.root)))
        finally:
            self.said = [json.loads(line) for line in sink.getvalue().splitlines()]

    def apply(self, *items: Mapping[str, Any], **request: Any) -> dict[str, Any]:
        return self.ask("apply", items=list(items), **request)

    def remove(self, entry: str = "server-1/a") -> dict[str, Any]:
        return self.ask("remove", entry=entry)

    @property
    def warnings(self) -> list[str]:
        return [event["text"] for event in self.said if event["event"] == "warning"]

    def picture(self) -> dict[str, str]:
        """Everything below the root but the lock: kind, mode and content."""
        found: dict[str, str] = {}
        for path in sorted(self.root.rglob("*")):
            name = str(path.relative_to(self.root))
            if name == "run/bareplane.lock":
                continue
            kind = f"-> {path.readlink()}" if path.is_symlink() else "" if path.is_dir() else path.read_bytes().hex()
            found[name] = f"{path.lstat().st_mode:o} {kind}"
        return found

    def traces(self) -> dict[str, tuple[int, int]]:
        """Inode and change time of everything: any write shows."""
        return {
            str(path): (path.lstat().st_ino, path.lstat().st_ctime_ns)
            for path in self.root.rglob("*")
            if path.name != "bareplane.lock"
        }


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    for folder in ("etc", "var/lib", "run"):
        (tmp_path / folder).mkdir(parents=True)
    return Machine(tmp_path)


Make = Callable[..., dict[str, Any]]


@pytest.fixture
def file() -> Make:
    def make(path: str, text: str = "text", **more: Any) -> dict[str, Any]:
        return {"type": "file", "path": path, "content": base64.b64encode(text.encode()).decode(), **ME, **more}

    return make


@pytest.fixture
def directory() -> Make:
    def make(path: str, **more: Any) -> dict[str, Any]:
        return {"type": "directory", "path": path, **ME, **more}

    return make
