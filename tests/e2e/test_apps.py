"""One declaration, placed as a process, as a container and as a Deployment: the same life in all three."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.conftest import Figures, World
from tests.e2e.kubernetes import HELLO_IMAGE, Cluster, ask, eventually
from tests.e2e.servers import Inventory, differences, together, without_the_clusters_own
from tests.e2e.stack import HELLO, Stack
from tests.e2e.test_second_up import inventories_at_rest

WORD = "winterbottom-under-the-stairs"
SERVERS = ("server-2", "server-3")
DECLARED: dict[str, Any] = {
    "image": HELLO_IMAGE,
    "command": ["/hello"],
    "environment": {"GREETING": "good day", "NOTE": "/data/note"},
    "secretEnvironment": {"WORD": WORD},
    "volume": {"path": "/data", "size": "16Mi"},
    "healthCheck": {"path": "/healthz"},
    "limits": {"cpu": "500m", "memory": "64Mi"},
}
PLACED: dict[str, dict[str, Any]] = {
    "as-process": {"placement": "process", "port": 8081, "servers": ["server-2", "server-3"]},
    "as-container": {"placement": "container", "port": 8082, "servers": ["server-3", "server-2"]},
    "as-deployment": {"placement": "deployment", "port": 8083, "nodePort": 30083},
}
FIRST = {"as-process": "server-2", "as-container": "server-3", "as-deployment": "server-2"}
RESOURCES = {
    "as-process": "as-process-server-2-process",
    "as-container": "as-container-server-3-container",
    "as-deployment": "as-deployment-manifest",
}
KUBELETS = (" /var/lib/kubelet/", " /var/lib/cni/networks/", "/kubepods")
"""What a node keeps of pods that were on it."""
STORE = "/var/lib/e2e-volume"
VOLUME = {
    "apiVersion": "v1",
    "kind": "PersistentVolume",
    "metadata": {"name": "e2e"},
    "spec": {
        "capacity": {"storage": "16Mi"},
        "accessModes": ["ReadWriteOnce"],
        "persistentVolumeReclaimPolicy": "Retain",
        "hostPath": {"path": STORE},
        "nodeAffinity": {
            "required": {
                "nodeSelectorTerms": [
                    {"matchExpressions": [{"key": "kubernetes.io/hostname", "operator": "In", "values": ["server-2"]}]}
                ]
            }
        },
    },
}


def apps(**more: Any) -> list[dict[str, Any]]:
    return [HELLO, *({"name": name, **DECLARED, **placed, **more} for name, placed in PLACED.items())]


def url(world: World, app: str, path: str = "/") -> str:
    placed = PLACED[app]
    return f"http://{world.lab.address(FIRST[app])}:{placed.get('nodePort', placed['port'])}{path}"


def put(address: str, text: str) -> None:
    with urllib.request.urlopen(urllib.request.Request(address, text.encode(), method="PUT"), timeout=5):
        pass


def text(address: str) -> str:
    with urllib.request.urlopen(address, timeout=5) as answer:
        return answer.read().decode()


def greet(world: World, greeting: str) -> None:
    for app in PLACED:
        # kube-proxy learns of new pods a moment after they are Ready.
        eventually(lambda app=app: says(url(world, app)) == greeting, 10, f"{app} says {greeting}")


def says(address: str) -> str:
    try:
        return ask(address)["message"]
    except OSError:
        return ""


@pytest.fixture(scope="module")
def before(cluster: Cluster, world: World) -> Iterator[dict[str, Inventory]]:
    """How the servers were before the apps; storage for the claim, which no class provides here."""
    found = inventories_at_rest(cluster, world, SERVERS)
    world.lab.on("server-2", f"mkdir -m 0777 {STORE}")
    cluster("apply", "-f", "-", stdin=json.dumps(VOLUME))
    yield found
    cluster("delete", "persistentvolume", "e2e", "--ignore-not-found", "--wait=false")
    world.lab.on("server-2", f"rm -rf {STORE}")


@pytest.mark.usefixtures("before")
def test_the_same_declaration_answers_in_every_placement(
    cluster: Cluster, stack: Stack, world: World, figures: Figures
) -> None:
    stack.configure(apps=apps())
    outcome = stack.up()
    figures.add("up: one app as process, container and Deployment", outcome.seconds)
    assert {name for name in outcome.steps if name in RESOURCES.values()} == set(RESOURCES.values())
    assert set(outcome.steps.values()) == {"create"}
    greet(world, "good day")
    assert {app: ask(url(world, app))["node"] for app in ("as-process", "as-container")} == {
        "as-process": "server-2",
        "as-container": "server-3",
    }
    for app in PLACED:
        put(url(world, app, "/note"), f"kept by {app}")
    told = json.loads(stack.output("apps"))
    for app, placed in PLACED.items():
        assert told[app]["placement"] == placed["placement"]
        assert told[app]["state"] == "running"
        assert url(world, app).removeprefix("http://").removesuffix("/") in told[app]["addresses"]
        assert any("listens on" in line for line in told[app]["log"]), told[app]["log"]


def test_what_is_secret_is_shown_nowhere(stack: Stack, world: World) -> None:
    assert WORD not in json.dumps(stack.export())
    for server, unit in (
        ("server-2", "bareplane-process-as-process"),
        ("server-3", "bareplane-container-as-container"),
    ):
        assert WORD not in world.lab.on(server, f"systemctl show {unit}; systemctl cat {unit}; ps axww -o args")
        pid = "$(pgrep -n -f -x '(/opt/bareplane/apps/as-process)?/hello')"
        assert f"WORD={WORD}" in world.lab.on(server, f"tr '\\0' '\\n' </proc/{pid}/environ").splitlines()
        others = f"runuser -u nobody -- grep -rlsF {WORD} /etc /opt /run /var/lib /proc/{pid} || true"
        assert world.lab.on(server, others) == ""


def test_a_second_up_changes_nothing_though_logs_grow(stack: Stack, world: World) -> None:
    greet(world, "good day")
    assert stack.up().steps == {}
    stack.refresh()
    assert stack.preview().steps == {}


def test_limits_are_the_kernels(world: World) -> None:
    limits = "cat /sys/fs/cgroup/memory{0}/memory.limit_in_bytes /sys/fs/cgroup/cpu{0}/cpu.cfs_quota_us || true"
    newer = "cat /sys/fs/cgroup{0}/memory.max /sys/fs/cgroup{0}/cpu.max || true"
    for server, group in (
        ("server-2", "/system.slice/bareplane-process-as-process.service"),
        ("server-3", "/bareplane-container-as-container/as-container"),
    ):
        found = world.lab.on(server, f"{{ {limits.format(group)}; {newer.format(group)}; }} 2>/dev/null").split()
        assert found[:2] == [str(64 << 20), "50000"], (server, found)


def test_an_update_keeps_the_volume(stack: Stack, world: World, figures: Figures) -> None:
    changed = {**DECLARED["environment"], "GREETING": "good night"}
    stack.configure(apps=apps(environment=changed))
    outcome = stack.up()
    figures.add("update of an app in three placements", outcome.seconds)
    assert outcome.steps == dict.fromkeys(RESOURCES.values(), "update")
    greet(world, "good night")
    assert {app: text(url(world, app, "/note")) for app in PLACED} == {app: f"kept by {app}" for app in PLACED}
    stack.configure(apps=apps())
    stack.up()
    greet(world, "good day")


def test_more_replicas_leave_the_first_alone(cluster: Cluster, stack: Stack, world: World) -> None:
    since = world.lab.on("server-2", "systemctl show -p ActiveEnterTimestampMonotonic bareplane-process-as-process")
    stack.configure(apps=apps(replicas=2))
    assert stack.up().steps == {
        "as-process-server-3-process": "create",
        "as-container-server-2-container": "create",
        "as-deployment-manifest": "update",
    }
    for app, other in (("as-process", "server-3"), ("as-container", "server-2")):
        assert ask(f"http://{world.lab.address(other)}:{PLACED[app]['port']}/")["node"] == other
    assert len(cluster.pods("app.kubernetes.io/name=as-deployment")) == 2
    told = json.loads(stack.output("apps"))
    assert {app: (told[app]["state"], len(told[app]["addresses"])) for app in ("as-process", "as-container")} == {
        "as-process": ("running", 2),
        "as-container": ("running", 2),
    }
    stack.configure(apps=apps())
    assert set(stack.up().steps) == {
        "as-process-server-3-process",
        "as-container-server-2-container",
        "as-deployment-manifest",
    }
    still = world.lab.on("server-2", "systemctl show -p ActiveEnterTimestampMonotonic bareplane-process-as-process")
    assert still == since


def test_drift_of_apps_is_named_and_repaired(cluster: Cluster, stack: Stack, world: World) -> None:
    process, container = "bareplane-process-as-process.service", "bareplane-container-as-container.service"
    world.lab.on("server-2", f"systemctl stop {process}; echo '# by hand' >>/etc/systemd/system/{process}")
    world.lab.on(
        "server-3",
        f"systemctl stop {container}; "
        "/opt/bareplane/bin/ctr --namespace bareplane-container-as-container "
        f"images rm --sync {HELLO_IMAGE} >/dev/null",
    )
    cluster("delete", "deployment", "as-deployment")
    stack.refresh()
    # The stack's own output is of the program, which a refresh does not run.
    resources = [one for one in stack.export()["deployment"]["resources"] if "outputs" in one]
    known = {one["urn"].rsplit("::", 1)[1]: one["outputs"] for one in resources}
    assert {app: known[name]["state"] for app, name in RESOURCES.items()} == {
        "as-process": "inactive",
        "as-container": "inactive",
        "as-deployment": "absent",
    }
    preview = stack.preview()
    assert preview.differences[RESOURCES["as-process"]] == [
        f'facts["file /etc/systemd/system/{process}"].content',
        f'facts["unit {process}"].active',
    ]
    assert preview.differences[RESOURCES["as-container"]] == [
        f'facts["image {HELLO_IMAGE} in bareplane-container-as-container"].digest',
        f'facts["unit {container}"].active',
    ]
    assert set(preview.differences) == set(RESOURCES.values())
    assert stack.up().steps == dict.fromkeys(RESOURCES.values(), "update")
    told = json.loads(stack.output("apps"))
    assert {told[app]["state"] for app in PLACED} == {"running"}
    greet(world, "good day")
    assert {app: text(url(world, app, "/note")) for app in PLACED} == {app: f"kept by {app}" for app in PLACED}


def test_a_container_that_is_killed_is_run_again(world: World) -> None:
    ctr = "/opt/bareplane/bin/ctr --namespace bareplane-container-as-container"
    world.lab.on("server-3", f"{ctr} tasks kill --signal SIGKILL as-container")
    eventually(lambda: says(url(world, "as-container")) == "good day", 15, "the container runs again")


def test_apps_that_are_taken_out_leave_nothing(
    cluster: Cluster, stack: Stack, world: World, before: dict[str, Inventory]
) -> None:
    stack.configure()
    outcome = stack.up()
    assert set(outcome.steps.values()) == {"delete"}
    cluster("delete", "persistentvolume", "e2e")
    together(lambda server: world.lab.on(server, f"rm -rf {STORE}"), SERVERS)
    now = inventories_at_rest(cluster, world, SERVERS)
    found = without_the_clusters_own(differences(before, now))
    assert [line for line in found if not any(one in line for one in KUBELETS)] == []
