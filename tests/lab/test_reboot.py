"""`docker restart` is a reboot: the machine comes back as itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .conftest import Lab

IDENTITY = "cat /etc/machine-id /etc/hosts /etc/hostname /etc/resolv.conf /etc/ssh/*.pub; hostname -I; mount | wc -l"
UNIT = """[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/bin/touch /run/probe-came-back
[Install]
WantedBy=multi-user.target
"""


def test_reboot_keeps_identity_and_changes(lab: Lab) -> None:
    lab.on(
        "server-2",
        f"""
        echo '192.0.2.7 probe.example' >> /etc/hosts
        echo 'options ndots:2' >> /etc/resolv.conf
        echo kept > /var/lib/probe; echo kept > /opt/probe
        cat > /etc/systemd/system/probe-boot.service <<'END'\n{UNIT}END
        systemctl enable --quiet probe-boot
        ip link add probe9 type bridge; nft add table inet probe
        """,
    )
    before = lab.on("server-2", IDENTITY)
    boot = lab.on("server-2", "stat -c %Y /proc/1")

    lab.call("restart", "server-2")

    assert lab.on("server-2", IDENTITY) == before
    assert lab.on("server-2", "stat -c %Y /proc/1") != boot
    assert "probe.example" in before
    assert lab.on("server-2", "cat /var/lib/probe /opt/probe; ls /run/probe-came-back").split() == [
        "kept",
        "kept",
        "/run/probe-came-back",
    ]
    assert lab.on("server-2", "ip -br link; nft list ruleset").count("probe") == 0
    assert lab.on("server-2", "systemctl is-system-running") == "running"


def test_reboot_of_an_unknown_server_names_those_there_are(lab: Lab) -> None:
    done = lab.call("restart", "server-7", check=False)
    assert done.returncode == 1
    assert "server-1, server-2" in done.stderr
