"""What was changed by hand is named, nothing else is, and `up` repairs it."""

from __future__ import annotations

from tests.e2e.conftest import Figures, World
from tests.e2e.kubernetes import Cluster, answers, eventually
from tests.e2e.stack import Stack

CONTAINERD = "/etc/containerd/config.toml"
DROP_IN = "/etc/systemd/system/kubelet.service.d/50-by-hand.conf"


def test_changes_by_hand_are_named_and_repaired(cluster: Cluster, stack: Stack, world: World, figures: Figures) -> None:
    world.lab.on("server-2", f"echo '# by hand' >>{CONTAINERD}")
    world.lab.on("server-3", "systemctl stop kube-proxy")
    world.lab.on("server-1", "sysctl -qw net.ipv4.ip_forward=0")
    drop_in = f"mkdir -p $(dirname {DROP_IN}); printf '[Service]\\nNice=5\\n' >{DROP_IN}; systemctl daemon-reload"
    world.lab.on("server-2", drop_in)
    cluster("scale", "deployment/hello", "--replicas=3")
    stack.refresh()
    preview = stack.preview()
    assert preview.differences == {
        "server-1-settings": ['facts["sysctl net.ipv4.ip_forward"].value'],
        "server-2-runtime": [f'facts["file {CONTAINERD}"].content'],
        "server-2-node": ['facts["unit kubelet.service"].drop_ins'],
        "server-3-kube-proxy": ['facts["unit kube-proxy.service"].active'],
        "hello-manifest": ['facts["Deployment default/hello"]["/spec/replicas"]'],
    }
    assert set(preview.steps.values()) == {"update"}
    repaired = stack.up()
    figures.add("up that repairs five things changed by hand", repaired.seconds)
    assert repaired.steps == preview.steps
    assert "by hand" not in world.lab.on("server-2", f"cat {CONTAINERD}; ls $(dirname {DROP_IN}) 2>&1 || true")
    assert world.lab.on("server-2", "systemctl show -p Nice --value kubelet") == "0"
    assert world.lab.on("server-3", "systemctl is-active kube-proxy") == "active"
    assert world.lab.on("server-1", "cat /proc/sys/net/ipv4/ip_forward") == "1"
    assert cluster.json("get", "deployment", "hello")["spec"]["replicas"] == 2


def test_a_deleted_deployment_is_named_and_made_again(cluster: Cluster, stack: Stack, world: World) -> None:
    cluster("delete", "deployment", "hello")
    stack.refresh()
    preview = stack.preview()
    assert set(preview.differences) == {"hello-manifest"}
    assert all(path.startswith('facts["Deployment default/hello"]') for path in preview.differences["hello-manifest"])
    assert stack.up().steps == {"hello-manifest": "update"}
    # kube-proxy learns of new pods a moment after they are Ready.
    eventually(lambda: answers(f"http://{world.lab.address('server-2')}:30080/"), 60, "hello answers")


CONF = "/etc/kubernetes/kubelet.conf"
CONFIG = "/var/lib/kubelet/config.yaml"


def test_what_kubeadm_wrote_is_watched_and_repaired(cluster: Cluster, stack: Stack, world: World) -> None:
    world.lab.on("server-2", f"echo 'maxPods: 5' >>{CONFIG}")
    world.lab.on("server-1", "chmod 0666 /etc/kubernetes/pki/apiserver.crt; chown daemon /etc/kubernetes/admin.conf")
    before = world.lab.on("server-1", "sha256sum /etc/kubernetes/pki/apiserver.crt /etc/kubernetes/admin.conf")
    started = world.lab.on("server-2", "systemctl show -p ActiveEnterTimestampMonotonic kubelet")
    stack.refresh()
    assert stack.preview().differences == {
        "server-1-pki": [
            'facts["command certificate apiserver"]["/etc/kubernetes/pki/apiserver.crt mode"]',
            'facts["command kubeconfig admin"]["/etc/kubernetes/admin.conf owner"]',
        ],
        "server-2-node": [f'facts["command kubelet-start"]["{CONFIG} content"]'],
    }
    assert set(stack.up().steps) == {"server-1-pki", "server-2-node"}
    assert "maxPods" not in world.lab.on("server-2", f"cat {CONFIG}")
    assert world.lab.on("server-2", "systemctl show -p ActiveEnterTimestampMonotonic kubelet") != started
    assert world.lab.on("server-1", "sha256sum /etc/kubernetes/pki/apiserver.crt /etc/kubernetes/admin.conf") == before
    modes = world.lab.on("server-1", "stat -c '%a %U' /etc/kubernetes/pki/apiserver.crt /etc/kubernetes/admin.conf")
    assert modes.splitlines() == ["644 root", "600 root"]


def test_a_worker_that_lost_its_identity_joins_again_though_it_counts_as_ready(
    cluster: Cluster, stack: Stack, world: World
) -> None:
    born = cluster.json("get", "node", "server-3")["metadata"]["uid"]
    world.lab.on("server-3", f"rm {CONF}")
    stack.refresh()
    assert stack.up().steps == {"server-3-node": "update"}
    assert world.lab.on("server-3", f"stat -c %a {CONF}") == "600"
    assert cluster.json("get", "node", "server-3")["metadata"]["uid"] == born
    assert cluster.json("get", "secrets", "-n", "kube-system")["items"] == []


def test_what_makes_the_cluster_is_watched_and_repaired(cluster: Cluster, stack: Stack) -> None:
    role = "node-role.kubernetes.io/control-plane"
    cluster("set", "image", "-n", "kube-system", "deployment/coredns", "coredns=example.com/other:1")
    cluster("delete", "clusterrole", "bareplane:routes")
    cluster("taint", "node", "server-1", f"{role}-")
    cluster("delete", "node", "server-2")
    stack.refresh()
    differences = stack.preview().differences
    image = 'facts["Deployment kube-system/coredns"]["/spec/template/spec/containers/0/image"]'
    assert image in differences["bareplane-bootstrap"]
    assert differences["server-1-membership"] == [f'facts["node server-1"]["taint {role}:NoSchedule"]']
    assert 'facts["node server-2"].present' in differences["server-2-membership"]
    assert set(stack.up().steps) == {"bareplane-bootstrap", "server-1-membership", "server-2-membership"}
    taints = cluster.json("get", "node", "server-1")["spec"]["taints"]
    assert [one["key"] for one in taints] == [role]
    stack.refresh()
    assert stack.preview().differences == {}
