"""The agent, packed once per process, and the few lines of Python that load it from standard input."""

from __future__ import annotations

import functools
import importlib.util
import io
import marshal
import zipfile
from pathlib import Path

PACKAGE = "bareplane_agent"
NO_PYTHON = 86
"""Exit status of the loader on a Python that is too old."""

# Everything it reads comes from one buffered stream: eight bytes of length, the zip, then what the agent reads itself.
# Imported from a memory file, because /tmp may be full, noexec or someone else's; a path in /proc works for zipimport.
# It must parse on every Python, to be able to say which one it met.
LOADER = f"""\
import sys
if sys.version_info < (3, 9):
    sys.stderr.write("bareplane: python " + sys.version.split()[0])
    sys.exit({NO_PYTHON})
import os, struct
i = sys.stdin.buffer
z = i.read(struct.unpack(">Q", i.read(8))[0])
f = os.memfd_create("{PACKAGE}")
with open(f, "wb", closefd=False) as o:
    o.write(z)
sys.dont_write_bytecode = True
sys.path.insert(0, "/proc/self/fd/%d" % f)
from {PACKAGE}.main import main
main(i, sys.stdout.buffer)
"""


@functools.cache
def agent_package() -> bytes:
    """The agent's package: eight bytes of length, then a zip. The same bytes for the same sources."""
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError(f"the package {PACKAGE} is not installed beside the provider", name=PACKAGE)
    return pack(Path(next(iter(spec.submodule_search_locations))))


def pack(root: Path) -> bytes:
    """A directory of Python modules as the loader wants it."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(root.rglob("*.py")):
            name = f"{PACKAGE}/{path.relative_to(root).as_posix()}"
            source = path.read_bytes()
            _add(archive, name, source)
            _add(archive, name + "c", _bytecode(source, name))
    packed = data.getvalue()
    return len(packed).to_bytes(8, "big") + packed


def _add(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    entry = zipfile.ZipInfo(name)
    entry.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(entry, data)


def _bytecode(source: bytes, name: str) -> bytes:
    """A .pyc that is never checked against its source.

    A machine with our version of Python uses it (a call takes 72 ms instead of 125); any other ignores it.
    """
    code = compile(source, name, "exec", dont_inherit=True, optimize=0)
    unchecked_hash = (0b01).to_bytes(4, "little")
    return importlib.util.MAGIC_NUMBER + unchecked_hash + bytes(8) + marshal.dumps(code)
