"""Secure by default: who may do what, and where secrets stand."""

from __future__ import annotations

import base64
import json
import socket
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.conftest import World
from tests.e2e.kubernetes import Cluster
from tests.e2e.stack import Outcome, Stack

ETCDCTL = (
    "/opt/bareplane/bin/etcdctl --endpoints https://127.0.0.1:2379 --cacert /etc/kubernetes/pki/etcd/ca.crt"
    " --cert /etc/kubernetes/pki/etcd/healthcheck-client.crt --key /etc/kubernetes/pki/etcd/healthcheck-client.key"
)
ON_NODES = ("containerd", "kubelet", "kube-proxy", "bareplane-routes")
ON_CONTROL_PLANES = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "bareplane-approver")


@pytest.mark.parametrize("server", ["server-1", "server-2", "server-3"])
def test_every_component_is_a_systemd_service(cluster: Cluster, world: World, server: str) -> None:
    own_user = ON_CONTROL_PLANES if server == "server-1" else ()
    units = [f"{name}.service" for name in (*ON_NODES, *own_user)]
    shown = world.lab.on(
        server, f"systemctl show -p Id,ActiveState,UnitFileState,DynamicUser,MainPID {' '.join(units)}"
    )
    for block in shown.split("\n\n"):
        unit = dict(line.split("=", 1) for line in block.splitlines())
        assert unit["ActiveState"] == "active", unit
        assert unit["UnitFileState"] == "enabled", unit
        dynamic = unit["Id"].removesuffix(".service") in own_user
        assert unit["DynamicUser"] == ("yes" if dynamic else "no"), unit
        if dynamic:
            assert world.lab.on(server, f"stat -c %u /proc/{unit['MainPID']}") != "0", unit
    listed = world.lab.on(server, "/opt/bareplane/bin/ctr -n k8s.io containers ls | grep -v pause || true")
    assert not any(name in listed for name in ("etcd", "kube-"))


@pytest.mark.parametrize("server", ["server-1", "server-2", "server-3"])
def test_the_kubelet_shows_a_certificate_of_the_cluster_and_refuses_strangers(
    cluster: Cluster, world: World, server: str
) -> None:
    config = json.loads(cluster.kubeconfig.read_text())
    authority = base64.b64decode(config["clusters"][0]["cluster"]["certificate-authority-data"]).decode()
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(
            f"https://{world.lab.address(server)}:10250/pods",
            context=ssl.create_default_context(cadata=authority),
            timeout=10,
        )
    assert refused.value.code == 401


def test_the_api_refuses_strangers(cluster: Cluster, stack: Stack) -> None:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{stack.output('endpoint')}/api/v1/secrets", context=context, timeout=10)
    assert refused.value.code in (401, 403)


def test_etcd_refuses_clients_without_a_certificate(cluster: Cluster, world: World) -> None:
    assert "is healthy" in world.lab.on("server-1", f"{ETCDCTL} --command-timeout 5s endpoint health 2>&1")
    address = world.lab.address("server-1")
    context = ssl.create_default_context(cadata=world.lab.on("server-1", "cat /etc/kubernetes/pki/etcd/ca.crt"))
    with (
        socket.create_connection((address, 2379), timeout=10) as plain,
        context.wrap_socket(plain, server_hostname=address) as channel,
        pytest.raises(ssl.SSLError) as refused,
    ):
        channel.sendall(b"GET /health HTTP/1.1\r\nHost: etcd\r\n\r\n")
        channel.recv(1)
    assert refused.value.reason == "TLSV13_ALERT_CERTIFICATE_REQUIRED"


def test_secrets_are_encrypted_in_etcd(cluster: Cluster, world: World) -> None:
    cluster("create", "secret", "generic", "sealed", "--from-literal=word=winterbottom")
    try:
        stored = world.lab.on("server-1", f"{ETCDCTL} get /registry/secrets/default/sealed | tr -c '[:print:]' ' '")
    finally:
        cluster("delete", "secret", "sealed")
    assert "k8s:enc:secretbox:v1:key-1:" in stored
    assert "winterbottom" not in stored


def test_nothing_of_the_bootstrap_is_left(cluster: Cluster, world: World) -> None:
    assert world.lab.on("server-1", "ls /etc/kubernetes").find("super-admin") < 0
    kind = "type=bootstrap.kubernetes.io/token"
    assert cluster.json("get", "secrets", "-n", "kube-system", "--field-selector", kind)["items"] == []
    for server in ("server-2", "server-3"):
        assert world.lab.on(server, "ls /etc/kubernetes /etc/kubernetes/pki").find("bootstrap-kubelet") < 0


@pytest.mark.parametrize("server", ["server-1", "server-2", "server-3"])
def test_only_their_owner_reads_keys(cluster: Cluster, world: World, server: str) -> None:
    script = "{ grep -rlsIE 'PRIVATE KEY|client-key-data|secretbox' /etc /opt /var/lib -D skip || true; }"
    readable = world.lab.on(server, f"{script} | xargs -r -d '\\n' -I@ find @ -perm /077")
    assert readable == ""


def test_the_audit_log_is_written(cluster: Cluster, world: World) -> None:
    found = world.lab.on("server-1", "find -L /var/log/kubernetes /var/log/private -name '*audit*' -size +1k")
    assert found


def private_parts(value: Any) -> Iterator[str]:
    """Every string inside the secrets of a state shown in plain that gives power to whoever has it."""
    if isinstance(value, dict):
        if "plaintext" in value:
            yield from private_parts(json.loads(value["plaintext"]))
        for name, one in value.items():
            if name == "secret" and isinstance(one, str):
                yield one
            elif name != "plaintext":
                yield from private_parts(one)
    elif isinstance(value, list):
        for one in value:
            yield from private_parts(one)
    elif isinstance(value, str) and "PRIVATE KEY" in value:
        yield value


def test_no_secret_stands_in_plain_in_the_state_or_in_the_output(cluster: Cluster, stack: Stack, made: Outcome) -> None:
    secrets = set(private_parts(stack.export(secrets=True)))
    assert len(secrets) >= 5
    texts = [made.text, stack.preview().text]
    texts += [path.read_text(errors="replace") for path in stack.state.rglob("*") if path.is_file()]
    for secret in secrets:
        for form in (secret, json.dumps(secret)[1:-1], base64.b64encode(secret.encode()).decode()):
            assert not any(form in text for text in texts)
    assert not any("PRIVATE KEY" in text for text in texts)
