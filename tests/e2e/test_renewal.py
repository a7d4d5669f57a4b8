"""A certificate of the control plane that nears its end is renewed on the machine, by what its timer starts."""

from __future__ import annotations

import ssl
from pathlib import Path

from cryptography import x509

from tests.e2e.conftest import World
from tests.e2e.kubernetes import Cluster, eventually
from tests.e2e.stack import Stack
from tests.provider.conformance.forged import Forgery, Pair, forge, writing
from tests.provider.conformance.servers import Server

STEM = "/etc/kubernetes/pki/apiserver"
NEAR_ITS_END = Forgery("certificate about to expire", "life", days=0.5)
TIMER = "systemctl is-active bareplane-renew.timer; systemctl show -p Triggers --value bareplane-renew.timer"
MOST_OF_A_YEAR = 300 * 86400


def test_a_certificate_near_its_end_is_renewed(cluster: Cluster, stack: Stack, world: World, tmp_path: Path) -> None:
    renewed(cluster, stack, world, tmp_path)


def renewed(cluster: Cluster, stack: Stack, world: World, folder: Path) -> None:
    """The API server shows a new certificate of kubeadm's; nothing differs afterwards, and nothing is left to do."""
    server = Server(world.lab, "server-1", folder / "control")
    try:
        before = shown(world)
        now = Pair(server.run(f"cat {STEM}.crt"), server.run(f"cat {STEM}.key"))
        made = forge(now, NEAR_ITS_END, server)
        server.run(writing({f"{STEM}.crt": made.certificate, f"{STEM}.key": made.key}))
        assert server.run(TIMER).split() == ["active", "bareplane-renew.service"]
        server.run("systemctl start bareplane-renew.service")
        renewed = x509.load_pem_x509_certificate(server.run(f"cat {STEM}.crt").encode()).serial_number
        assert renewed not in (before, x509.load_pem_x509_certificate(made.certificate.encode()).serial_number)
        server.run(f"openssl x509 -in {STEM}.crt -noout -checkend {MOST_OF_A_YEAR}")
        eventually(lambda: shown(world) == renewed, 120, "the API server shows its new certificate")
        eventually(cluster.all_pods_ready, 120, "all pods ready")
        stack.refresh()
        assert stack.preview().steps == {}
    finally:
        server.close()


def shown(world: World) -> int:
    """The serial number of what the API server shows to who connects."""
    try:
        text = ssl.get_server_certificate((world.lab.address("server-1"), 6443), timeout=10)
    except OSError as error:
        raise AssertionError(f"the API server does not answer: {error}") from error
    return x509.load_pem_x509_certificate(text.encode()).serial_number
