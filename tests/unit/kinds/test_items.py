"""The items of each kind on a machine: what facts and inputs make of them."""

from __future__ import annotations

import base64
import json
import re
import tomllib
from typing import Any, cast

import pytest
import yaml

from bareplane_provider.kinds import ALL, KINDS
from bareplane_provider.kinds.daemon import program_archive
from bareplane_provider.kinds.etcd_member import genesis, service
from bareplane_provider.kinds.phase import Phase, observed_part, unjudged
from bareplane_provider.plugin.kind import Change

PHASES = sorted(kind.name for kind in ALL if isinstance(kind, Phase))


def phase(name: str) -> Phase[Any]:
    return cast("Phase[Any]", KINDS[f"bareplane:index:{name}"])


def items(kit: Any, name: str, *, change: dict[str, Any] | None = None, **facts: Any) -> list[dict[str, Any]]:
    kind = phase(name)
    return kind.items(kind.parse({**kit.inputs[name], **(change or {})}), kit.facts(**facts))


def content(given: list[dict[str, Any]], path: str) -> str:
    (found,) = [one for one in given if one.get("path") == path and one["type"] == "file"]
    return base64.b64decode(found["content"]).decode()


def command(given: list[dict[str, Any]], name: str) -> dict[str, Any]:
    (found,) = [one for one in given if one["type"] == "command" and one["name"] == name]
    return found


def test_every_kind_on_a_machine_is_looked_at_here(kit: Any) -> None:
    assert sorted(kit.inputs) == PHASES


@pytest.mark.parametrize("name", PHASES)
def test_items_are_json_and_the_same_each_time(kit: Any, name: str) -> None:
    assert json.dumps(items(kit, name), sort_keys=True) == json.dumps(items(kit, name), sort_keys=True)


@pytest.mark.parametrize("name", PHASES)
def test_secrets_are_in_files_of_root_alone(kit: Any, name: str) -> None:
    for one in items(kit, name):
        plain = {key: value for key, value in one.items() if key != "content"}
        assert "SECRET-KEY" not in json.dumps(plain), "neither in argv nor in names"
        text = base64.b64decode(one.get("content", "")).decode(errors="replace")
        if "SECRET-KEY" in text or base64.b64encode(b"SECRET-KEY").decode() in text:
            assert (one["mode"], one["owner"], one["sensitive"]) == ("0600", "root", True)


@pytest.mark.parametrize("name", PHASES)
def test_nothing_of_a_secret_is_kept_for_observing(kit: Any, name: str) -> None:
    kept = [observed_part(one) for one in items(kit, name)]
    assert not [one for one in kept if one.keys() & {"content", "stdin", "argv", "environment"}]


@pytest.mark.parametrize("name", PHASES)
def test_units_restart_when_their_own_file_changes(kit: Any, name: str) -> None:
    given = items(kit, name)
    written = {one["path"] for one in given if one["type"] == "file"}
    for one in given:
        path = f"/etc/systemd/system/{one.get('name')}"
        if one["type"] == "unit" and path in written:
            assert f"file {path}" in one["restart_on"]


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("HostSettings", {"endpoint": "other.lab"}),
        ("Binaries", {"names": ["kubelet"]}),
        ("Images", {"names": ["pause"]}),
        ("Pki", {"address": "10.0.0.9"}),
        ("EtcdMember", {"token": "other"}),
        ("ControlPlane", {"encryptionKeys": [{"name": "key-2", "secret": "s"}]}),
        ("ControlPlaneKubelet", {"schedulable": True}),
        ("ControlPlaneNode", {"schedulable": True}),
        ("WorkerNode", {"caCertificate": "OTHER"}),
        ("KubeProxy", {"certificate": "OTHER"}),
        ("PodNetwork", {"key": "OTHER"}),
        ("ServingApprover", {"certificate": "OTHER"}),
    ],
)
def test_fingerprints_follow_what_is_rendered(kit: Any, name: str, change: dict[str, Any]) -> None:
    kind = phase(name)
    before = kind.fingerprint(kind.parse(kit.inputs[name]), kit.facts())
    assert before == kind.fingerprint(kind.parse(kit.inputs[name]), kit.facts())
    assert before != kind.fingerprint(kind.parse({**kit.inputs[name], **change}), kit.facts())


def test_a_changed_template_is_a_change_of_the_phases_it_renders(kit: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    kind = phase("ContainerRuntime")
    spec = kind.parse(kit.inputs["ContainerRuntime"])
    before = kind.fingerprint(spec, kit.facts())
    monkeypatch.setattr("bareplane_provider.kinds.container_runtime.render", lambda *_, **__: "[Unit]")
    assert kind.fingerprint(spec, kit.facts()) != before


@pytest.mark.parametrize(
    ("cgroups", "capabilities", "systemd_driver", "restricted"),
    [
        (2, ("cap_sys_resource",), True, False),
        (1, ("cap_sys_resource",), False, False),
        (2, (), True, True),
        (1, (), False, True),
    ],
)
def test_the_runtime_follows_the_machines_kernel(
    kit: Any, cgroups: int, capabilities: tuple[str, ...], systemd_driver: bool, restricted: bool
) -> None:
    given = items(kit, "ContainerRuntime", cgroup_version=cgroups, capabilities=capabilities)
    config = tomllib.loads(content(given, "/etc/containerd/config.toml"))
    runtime = config["plugins"]["io.containerd.cri.v1.runtime"]
    assert runtime["containerd"]["runtimes"]["runc"]["options"]["SystemdCgroup"] is systemd_driver
    assert runtime["restrict_oom_score_adj"] is restricted
    lowers = "OOMScoreAdjust=" in content(given, "/etc/systemd/system/containerd.service")
    assert lowers is not restricted


@pytest.mark.parametrize(
    ("cgroups", "capabilities", "driver"),
    [(2, ("cap_sys_resource",), "systemd"), (1, ("cap_sys_resource",), "cgroupfs"), (1, (), "cgroupfs")],
)
def test_docker_follows_the_machines_kernel_and_runs_on_our_containerd(
    kit: Any, cgroups: int, capabilities: tuple[str, ...], driver: str
) -> None:
    given = items(kit, "DockerEngine", cgroup_version=cgroups, capabilities=capabilities)
    config = json.loads(content(given, "/etc/docker/daemon.json"))
    assert config["exec-opts"] == [f"native.cgroupdriver={driver}"]
    assert config["containerd"] == "/run/containerd/containerd.sock"
    assert config["firewall-backend"] == "nftables", "no policy of the machine's FORWARD chain is touched"
    lowers = "OOMScoreAdjust=" in content(given, "/etc/systemd/system/docker.service")
    assert lowers is bool(capabilities)


@pytest.mark.parametrize(("cgroups", "manager"), [(2, "systemd"), (1, "cgroupfs")])
def test_cri_o_agrees_with_the_kubelet_and_has_the_nodes_sandbox(kit: Any, cgroups: int, manager: str) -> None:
    given = items(kit, "ContainerRuntime", change={"engine": "cri-o"}, cgroup_version=cgroups)
    config = tomllib.loads(content(given, "/etc/crio/crio.conf"))["crio"]
    assert config["runtime"]["cgroup_manager"] == manager
    assert config["runtime"]["runtimes"]["runc"]["monitor_cgroup"] == "pod"
    assert config["image"]["pause_image"].startswith("registry.k8s.io/pause:")
    assert config["network"] == {"network_dir": "/etc/cni/net.d", "plugin_dirs": ["/opt/bareplane/cni"]}
    assert config["api"]["listen"] == "/run/crio/crio.sock"
    unit = content(given, "/etc/systemd/system/crio.service")
    assert "ExecStart=/opt/bareplane/bin/crio --config /etc/crio/crio.conf" in unit
    assert not [one for one in given if one.get("name") == "containerd.service"]


def test_a_kubelet_reaches_docker_through_cri_dockerd(kit: Any) -> None:
    plain = items(kit, "DockerEngine")
    assert not [one for one in plain if one.get("name") == "cri-docker.service"]
    given = items(kit, "DockerEngine", change={"kubernetes": True})
    unit = content(given, "/etc/systemd/system/cri-docker.service")
    for flag in (
        "--container-runtime-endpoint=unix:///run/cri-dockerd.sock",
        "--docker-endpoint=unix:///run/docker.sock",
        "--network-plugin=cni",
        "--cni-bin-dir=/opt/bareplane/cni",
        "--cni-conf-dir=/etc/cni/net.d",
        "--pod-infra-container-image=registry.k8s.io/pause:",
    ):
        assert flag in unit
    units = [one["name"] for one in given if one["type"] == "unit"]
    assert units == ["docker.service", "cri-docker.service"]


@pytest.mark.parametrize(
    ("engine", "socket"),
    [
        ("containerd", "unix:///run/containerd/containerd.sock"),
        ("docker", "unix:///run/cri-dockerd.sock"),
        ("cri-o", "unix:///run/crio/crio.sock"),
    ],
)
@pytest.mark.parametrize("name", ["ControlPlaneKubelet", "ControlPlaneNode", "WorkerNode"])
def test_the_kubelet_is_told_where_its_engine_listens(kit: Any, name: str, engine: str, socket: str) -> None:
    files = [one for one in items(kit, name, change={"engine": engine}) if one["type"] == "file"]
    texts = [base64.b64decode(one["content"]).decode() for one in files if one["path"].endswith(".yaml")]
    documents = [document for text in texts for document in yaml.safe_load_all(text)]
    assert [one["nodeRegistration"]["criSocket"] for one in documents if "nodeRegistration" in one] == [socket]


def test_who_may_become_root_uses_dockers_command_line_and_nobody_else_docker(kit: Any) -> None:
    given = items(kit, "DockerEngine")
    assert json.loads(content(given, "/etc/docker/daemon.json"))["group"] == "root"
    script = content(given, "/usr/local/bin/docker")
    assert 'exec sudo -n /opt/bareplane/bin/docker "$@"' in script


def test_images_of_docker_are_another_entry_than_the_nodes(kit: Any) -> None:
    kind = phase("Images")
    entries = [kind.entry(kind.parse({**kit.inputs["Images"], "engine": one})) for one in ("containerd", "docker")]
    assert len(set(entries)) == 2
    assert entries[1].endswith("/images-docker")


def test_a_machine_that_becomes_no_node_keeps_the_settings_that_only_a_kubelet_asks_for(kit: Any) -> None:
    change = {"endpoint": None, "endpointAddresses": []}
    keys = [one["key"] for one in items(kit, "HostSettings", change=change) if one["type"] == "sysctl"]
    assert sorted(keys) == ["net.bridge.bridge-nf-call-iptables", "net.ipv4.ip_forward"]
    assert not [one for one in items(kit, "HostSettings", change=change) if one["type"] == "line"]


@pytest.mark.parametrize("name", ["ControlPlaneKubelet", "WorkerNode"])
@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({}, {"cgroupDriver": "systemd"}),
        ({"cgroup_version": 1}, {"cgroupDriver": "cgroupfs", "failCgroupV1": False}),
        ({"capabilities": ()}, {"cgroupDriver": "systemd", "featureGates": {"KubeletInUserNamespace": True}}),
        ({"kernel_tunable": False}, {"cgroupDriver": "systemd", "featureGates": {"KubeletInUserNamespace": True}}),
    ],
)
def test_the_kubelets_patch_follows_the_machines_kernel(
    kit: Any, name: str, facts: dict[str, Any], expected: dict[str, Any]
) -> None:
    path = "/etc/kubernetes/bareplane/patches/kubeletconfiguration0+merge.yaml"
    patch = yaml.safe_load(content(items(kit, name, **facts), path))
    shared = ("apiVersion", "kind", "address", "authentication")
    assert {key: value for key, value in patch.items() if key not in shared} == expected
    assert patch["authentication"] == {"x509": {"clientCAFile": "/etc/kubernetes/pki/ca.crt"}}


def test_etcd_starts_with_the_same_list_everywhere(kit: Any) -> None:
    assert genesis(phase("EtcdMember").parse(kit.inputs["EtcdMember"])) == {
        "initial-cluster": "server-1=https://10.0.0.1:2380,server-2=https://10.0.0.2:2380,server-3=https://10.0.0.3:2380",
        "initial-cluster-token": "bareplane-00",
        "initial-cluster-state": "new",
    }


def test_etcds_user_reads_keys_through_systemd_alone() -> None:
    text = service(["--key-file=/etc/kubernetes/pki/etcd/server.key"])
    assert "DynamicUser=yes" in text
    assert "LoadCredential=pki-etcd-server.key:/etc/kubernetes/pki/etcd/server.key" in text
    start = text[text.index("ExecStart=") :]
    assert "/etc/kubernetes" not in start
    assert "--key-file=/run/credentials/etcd.service/pki-etcd-server.key" in start


def test_every_leaf_is_checked_against_its_own_authority(kit: Any) -> None:
    signed = {
        one["produces"][0]["path"]: one["produces"][0]["ca"]
        for one in items(kit, "Pki")
        if one["type"] == "command" and one["name"].startswith("certificate ")
    }
    base = "/etc/kubernetes/pki"
    for path, ca in signed.items():
        name = "front-proxy-ca.crt" if "front-proxy" in path else "etcd/ca.crt" if "etcd" in path else "ca.crt"
        assert ca == f"{base}/{name}", path
    assert len(signed) == 7


def test_a_changed_configuration_asks_for_new_names_in_the_api_servers_certificate(kit: Any) -> None:
    given = command(items(kit, "Pki"), "certificate apiserver")
    assert given["rerun_on"] == ["file /etc/kubernetes/bareplane/kubeadm.yaml"]
    assert given["replace"] is True


def test_the_super_admins_kubeconfig_is_no_part_of_a_control_plane(kit: Any) -> None:
    assert not [one for name in PHASES for one in items(kit, name) if "super-admin" in json.dumps(one)]


@pytest.mark.parametrize(("schedulable", "taints"), [(False, 1), (True, 0)])
def test_control_planes_are_tainted_unless_pods_may_run_there(kit: Any, schedulable: bool, taints: int) -> None:
    for name, path in (("ControlPlaneKubelet", "kubeadm-kubelet.yaml"), ("ControlPlaneNode", "kubeadm-node.yaml")):
        given = items(kit, name, change={"schedulable": schedulable})
        first = next(yaml.safe_load_all(content(given, f"/etc/kubernetes/bareplane/{path}")))
        assert len(first["nodeRegistration"]["taints"]) == taints


def test_no_join_token_is_in_a_workers_items(kit: Any) -> None:
    given = items(kit, "WorkerNode")
    assert "stdin" not in command(given, "kubeadm join")
    assert not [one for one in given if re.search(r"[a-z0-9]{6}\.[a-z0-9]{16}", json.dumps(one))]


def test_kube_proxy_leaves_the_machines_conntrack_alone(kit: Any) -> None:
    config = yaml.safe_load(content(items(kit, "KubeProxy"), "/etc/kubernetes/bareplane/kube-proxy.yaml"))
    assert config["mode"] == "nftables"
    assert config["clusterCIDR"] == "10.244.0.0/16"
    assert set(config["conntrack"].values()) == {0, "0s"}


def test_the_approver_has_a_user_of_its_own_and_knows_the_services(kit: Any) -> None:
    given = items(kit, "ServingApprover")
    assert "DynamicUser=yes" in content(given, "/etc/systemd/system/bareplane-approver.service")
    assert json.loads(content(given, "/etc/kubernetes/bareplane/approver.json"))["serviceSubnet"] == "10.96.0.0/12"


def test_the_daemons_program_is_the_same_bytes_each_time() -> None:
    first = program_archive()
    program_archive.cache_clear()
    assert program_archive() == first


def test_settings_the_kubelet_would_make_are_in_the_ledger(kit: Any) -> None:
    given = items(kit, "HostSettings")
    wanted = {one["key"]: one["value"] for one in given if one["type"] == "sysctl"}
    assert wanted["net.ipv4.ip_forward"] == "1"
    assert wanted["vm.overcommit_memory"] == "1"
    file = content(given, "/etc/sysctl.d/90-bareplane.conf")
    assert {line.split(" = ")[0] for line in file.splitlines()} == set(wanted)
    assert [one["line"] for one in given if one["type"] == "line"] == ["10.0.0.1 cluster.lab"]


def test_a_certificate_is_not_judged_by_a_ca_that_was_changed_itself() -> None:
    produces = [{"path": "/a.crt", "ca": "/ca.crt"}, {"path": "/b.crt", "ca": "/other.crt"}, {"path": "/a.key"}]
    items = [{"type": "file", "path": "/ca.crt"}, {"type": "command", "name": "sign", "produces": produces}]
    changed = [Change('facts["file /ca.crt"].content'), Change('facts["command sign"]["/a.crt issuer"]')]
    blurred = unjudged(items, changed)
    assert {'facts["command sign"]["/a.crt issuer"]', 'facts["command sign"]["/a.crt authority"]'} == blurred
    assert unjudged(items, changed[1:]) == set()
