"""How each fact of an item is broken by hand: from the item's type and the fact's name, for every kind alike.

An item's key begins with its type (docs/architecture.md): what a person would do to a file, a unit, a certificate or an
image is the same whichever kind made it.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping

from bareplane_provider.kinds.differences import join
from tests.provider.conformance import forged
from tests.provider.conformance.row import Break, Row
from tests.provider.conformance.servers import Server
from tests.provider.conformance.table import KUBECTL

Facts = Mapping[str, Mapping[str, str]]
CTR = "/opt/bareplane/bin/ctr --address /run/containerd/containerd.sock"
OTHER_ACCOUNT = "nobody:nogroup"


def breaks(row: Row, facts: Facts, server: Server | None) -> Iterator[Break]:
    """Every break of this resource's facts that there is a way to bring about."""
    yield from row.breaks
    for item, found in facts.items():
        for one in _of_item(item, found, server) if server else _in_api(item, found):
            if not excused(row, one.item, one.fact):
                yield one


def excused(row: Row, item: str, fact: str) -> str | None:
    """Why a fact is not broken here, if the table says so."""
    matching = (why for start, why in row.unbroken.items() if f"{item} {fact}".startswith(start))
    return next(matching, None)


def _of_item(item: str, facts: Mapping[str, str], server: Server) -> Iterator[Break]:
    kind, _, name = item.partition(" ")
    match kind:
        case "file":
            yield from _file(item, name, name)
        case "directory":
            if "mode" in facts:
                yield from _attributes(item, name, "mode", "owner")
            # One that holds something is not removed alone; what it holds is broken by itself.
            yield Break("directory removed", item, "present", f"rmdir {shlex.quote(name)} 2>/dev/null")
        case "symlink":
            yield Break("symlink elsewhere", item, "target", f"ln -sfn /nowhere {shlex.quote(name)}")
            yield Break("symlink removed", item, "target", f"rm {shlex.quote(name)}")
        case "line":
            path, _, text = name.partition(": ")
            yield Break("line removed", item, "present", _without_line(path, text))
        case "sysctl":
            yield Break("sysctl changed", item, "value", _other_number(name))
        case "unit":
            yield from (one for one in _unit(item, name) if one.fact in facts)
        case "image":
            reference, _, namespace = name.partition(" in ")
            ctr = f"{CTR} --namespace {namespace or 'k8s.io'}"
            yield Break("image removed", item, "digest", f"{ctr} images rm --sync {shlex.quote(reference)}")
        case "command":
            yield from _produced(item, facts, server)
        case "module":
            return  # the kernel's, which the table excuses
        case _:
            if facts:
                raise AssertionError(f"{item}: nobody said yet how items of this type are broken (breaks.py)")


def _in_api(item: str, facts: Mapping[str, str]) -> Iterator[Break]:
    """An object deleted, and a value changed in each of its parts; those the API refuses to change stay unbroken."""
    kind, _, place = item.partition(" ")
    namespace, separator, name = place.partition("/")
    which = f"{kind} {shlex.quote(name)} -n {namespace}" if separator else f"{kind} {shlex.quote(place)}"
    parts: set[tuple[str, ...]] = set()
    for pointer, shown in facts.items():
        part = tuple(pointer.split("/")[:3])
        if not pointer.startswith("/") or part in parts or part[1:2] in (("apiVersion",), ("kind",)):
            continue
        other = _other(json.loads(shown) if shown != "(absent)" else None)
        if other is not None:
            parts.add(part)
            patch = json.dumps([{"op": "replace", "path": pointer, "value": other}])
            yield Break("value changed", item, pointer, f"{KUBECTL} patch {which} --type=json -p {shlex.quote(patch)}")
    if parts and kind != "Namespace":
        yield Break("object deleted", item, "present", f"{KUBECTL} delete {which}")


def _other(value: object) -> object:
    """Another value of the same type; None where there is none to think of."""
    match value:
        case bool():
            return not value
        case int():
            return value + 1
        case str():
            return f"{value}-by-hand"
        case _:
            return None


def _file(
    item: str, path: str, prefix: str, *, facts: tuple[str, str, str] = ("content", "mode", "owner")
) -> Iterator[Break]:
    content, mode, owner = facts
    quoted = shlex.quote(path)
    # A new inode: a program that runs cannot be written to, but it can be replaced.
    swap = f"cp -p {quoted} {quoted}.by-hand; printf '\\n#' >>{quoted}.by-hand; mv {quoted}.by-hand {quoted}"
    yield Break("content changed", item, content, swap)
    yield from _attributes(item, path, mode, owner)
    yield Break("file removed", item, content, f"rm {quoted}")


def _attributes(item: str, path: str, mode: str, owner: str) -> Iterator[Break]:
    quoted = shlex.quote(path)
    other = f"case $(stat -c %a {quoted}) in 710) chmod 700 {quoted};; *) chmod 710 {quoted};; esac"
    yield Break("mode changed", item, mode, other)
    yield Break("owner changed", item, owner, f"chown -h {OTHER_ACCOUNT} {quoted}")


def _without_line(path: str, text: str) -> str:
    # /etc/hosts of a lab's server is a mount: it cannot be replaced, only written.
    quoted = shlex.quote(path)
    return f"kept=$(grep -vxF -- {shlex.quote(text)} {quoted}); printf '%s\\n' \"$kept\" >{quoted}"


def _other_number(key: str) -> str:
    quoted = shlex.quote(key)
    return f'if [ "$(sysctl -n {quoted})" = 0 ]; then sysctl -qw {quoted}=1; else sysctl -qw {quoted}=0; fi'


def _unit(item: str, name: str) -> Iterator[Break]:
    folder = f"/etc/systemd/system/{name}.d"
    yield Break("unit stopped", item, "active", f"systemctl stop {name}")
    yield Break("unit disabled", item, "enabled", f"systemctl --quiet disable {name}")
    yield Break(
        "unit masked",
        item,
        "load",
        f"systemctl stop {name}; rm -f /etc/systemd/system/{name}; systemctl --quiet mask {name}",
    )
    yield Break(
        "drop-in added",
        item,
        "drop_ins",
        f"mkdir -p {folder}; printf '[Unit]\\nDescription=By hand\\n' >{folder}/by-hand.conf; systemctl daemon-reload",
    )


def _produced(item: str, facts: Mapping[str, str], server: Server) -> Iterator[Break]:
    """What a command made: its facts are `<path> <fact>`."""
    by_path: dict[str, set[str]] = {}
    for name in facts:
        path, _, fact = name.rpartition(" ")
        by_path.setdefault(path, set()).add(fact)
    for path, known in by_path.items():
        quoted = shlex.quote(path)
        yield Break("produced file removed", item, f"{path} present", f"rm -r {quoted}")
        if "mode" in known:
            yield from _attributes(item, path, f"{path} mode", f"{path} owner")
        if "content" in known:
            yield Break("produced content changed", item, f"{path} content", f"printf '\\n# by hand\\n' >>{quoted}")
        if "issuer" in known:
            yield from forged.breaks(item, path, known, server)


def broken_fact(one: Break) -> str:
    """The property path that a diff must name."""
    return join(join("facts", one.item), one.fact)
