"""Bad requests get one clear error that names the field; nothing is touched."""

from __future__ import annotations

from typing import Any

import pytest

from bareplane_agent.errors import RequestError

ITEMS: list[tuple[dict[str, Any], str]] = [
    ({"type": "file", "path": "etc/x", "content": ""}, "'path' is 'etc/x'; it must be an absolute path"),
    ({"type": "file", "path": "/etc/../x", "content": ""}, "without '.', '..'"),
    ({"type": "file", "path": "/", "content": ""}, "absolute path"),
    ({"type": "file", "path": "/etc/x/", "content": ""}, "trailing '/'"),
    ({"type": "file", "path": "/etc/a\nb", "content": ""}, "control characters"),
    ({"type": "file", "path": "/etc/x"}, "'content'"),
    ({"type": "file", "path": "/etc/x", "content": "%"}, "not base64"),
    ({"type": "file", "path": "/etc/x", "content": "", "upload": "0" * 64}, "not both"),
    ({"type": "file", "path": "/etc/x", "upload": "abc"}, "'upload'"),
    ({"type": "file", "path": "/etc/x", "content": "", "mode": "0999"}, "'mode'"),
    ({"type": "file", "path": "/etc/x", "content": "", "modus": "0600"}, "unknown field 'modus'"),
    ({"type": "file", "path": "/etc/x", "content": "", "owner": "a b"}, "'owner'"),
    ({"type": "unit", "name": "etcd"}, "'name'"),
    ({"type": "unit", "name": "--now.service"}, "'name'"),
    ({"type": "unit", "name": "a.service", "active": "yes"}, "true or false"),
    ({"type": "sysctl", "key": "../../etc/x", "value": "1"}, "'key'"),
    ({"type": "module", "name": "-r"}, "'name'"),
    ({"type": "package", "name": "-y"}, "'name'"),
    ({"type": "command", "name": "x"}, "'argv'"),
    ({"type": "command", "name": "x", "argv": ["a"], "produces": [{"path": "x"}]}, "produces"),
    ({"type": "line", "path": "/etc/x", "line": "a\nb"}, "'line'"),
    ({"type": "residue", "what": "everything"}, "must begin with one of"),
    ({"type": "residue", "what": "cgroups ../x"}, "does not match"),
    ({"type": "residue", "what": "mounts relative"}, "does not match"),
    ({"type": "image", "reference": "a", "ctr": "/c", "address": "/a"}, "'upload'"),
    ({"type": "teapot"}, "'type' is 'teapot'"),
]


@pytest.mark.parametrize(("item", "words"), ITEMS)
def test_a_bad_item_is_named(machine: Any, item: dict[str, Any], words: str) -> None:
    before = machine.traces()
    with pytest.raises(RequestError) as caught:
        machine.apply(item)
    assert words in caught.value.message
    assert machine.traces() == before


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        ({"operation": "destroy"}, "'operation' is 'destroy'"),
        ({"operation": "apply", "entry": "", "owner": "me"}, "'entry'"),
        ({"operation": "apply", "owner": "me"}, "needs an entry"),
        ({"operation": "apply", "entry": "a/../b", "owner": "me"}, "'entry'"),
        ({"operation": "apply", "entry": "a"}, "needs an owner"),
        ({"operation": "probe", "extra": 1}, "unknown field 'extra'"),
        (["probe"], "expected an object"),
    ],
)
def test_a_bad_request_is_named(request_: Any, words: str) -> None:
    from bareplane_agent.request import parse_request

    with pytest.raises(RequestError) as caught:
        parse_request(request_)
    assert words in caught.value.message


def test_two_items_with_one_key_are_refused(machine: Any, file: Any) -> None:
    with pytest.raises(RequestError, match="two items"):
        machine.apply(file("/etc/x"), file("/etc/x", "other"))
