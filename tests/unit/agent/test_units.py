"""A unit's facts and what is wrong with them."""

from __future__ import annotations

from typing import Any

import pytest

from bareplane_agent.fields import Fields
from bareplane_agent.host import Host
from bareplane_agent.items.unit import Unit, facts_of
from bareplane_agent.systemd import parse_show

GOOD = {"load": "loaded", "active": "active", "enabled": "enabled", "fragment": "", "drop_ins": "", "_reload": "no"}


def unit(**fields: Any) -> Unit:
    return Unit.parse(Fields({"name": "etcd.service", **fields}, "item"))


@pytest.mark.parametrize(
    ("wish", "facts", "wrong"),
    [
        ({}, {}, None),
        ({}, {"active": "inactive"}, "active is inactive, not active"),
        ({}, {"active": "failed"}, "active is failed, not active"),
        ({}, {"enabled": "disabled"}, "enabled is disabled, not enabled"),
        ({}, {"load": "masked"}, "load is masked, not loaded"),
        ({}, {"enabled": "static"}, None),
        ({"active": False}, {"active": "failed"}, None),
        (
            {"active": False, "enabled": False},
            {"active": "active", "enabled": "disabled"},
            "active is active, not inactive",
        ),
        ({"active": None}, {"active": "inactive"}, None),
        ({"enabled": None}, {"enabled": "disabled"}, None),
    ],
)
def test_what_is_wrong(wish: dict[str, Any], facts: dict[str, str], wrong: str | None) -> None:
    assert unit(**wish).wrong({**GOOD, **facts}) == wrong


@pytest.mark.parametrize(
    ("wish", "facts", "changed", "differs"),
    [
        ({}, {}, set(), False),
        ({}, {"_reload": "needed"}, set(), True),
        ({"restart_on": ["file /etc/x"]}, {}, {"file /etc/x"}, True),
        ({"restart_on": ["file /etc/x"]}, {}, {"file /etc/y"}, False),
        ({}, {"drop_ins": "/etc/systemd/system/etcd.service.d/x.conf"}, set(), False),
        ({"own_drop_ins": True}, {"drop_ins": "/etc/systemd/system/etcd.service.d/x.conf"}, set(), True),
        ({"own_drop_ins": True}, {"drop_ins": "/usr/lib/systemd/system/service.d/x.conf"}, set(), False),
    ],
)
def test_when_there_is_something_to_do(
    wish: dict[str, Any], facts: dict[str, str], changed: set[str], differs: bool
) -> None:
    assert unit(**wish).differs({**GOOD, **facts}, changed, Host()) is differs


def test_facts_come_from_one_show() -> None:
    text = "Id=etcd.service\nLoadState=loaded\nActiveState=active\nUnitFileState=\nNeedDaemonReload=yes\nDropInPaths=\n"
    facts = facts_of("etcd.service", parse_show(text), Host("/nowhere"))
    assert facts["enabled"] == "absent"
    assert facts["_reload"] == "needed"


def test_a_drop_in_systemd_has_not_read_is_seen(machine: Any) -> None:
    machine.write("/etc/systemd/system/etcd.service.d/x.conf", "[Service]")
    facts = facts_of("etcd.service", {}, Host(str(machine.root)))
    assert facts["drop_ins"] == "/etc/systemd/system/etcd.service.d/x.conf"
