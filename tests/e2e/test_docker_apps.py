"""An app in a container of Docker's, on a host beside the cluster, through the real pulumi-docker SDK.

Its official plugin cannot be had here: tests/standin takes its place (its README says what that proves, and what not).
The Docker Engine is a real one, reached with the very options that the official plugin is given.
"""

from __future__ import annotations

import json
import subprocess
import urllib.error
import urllib.request
from typing import Any

import pytest

from bareplane.apps.openssh import ssh_options
from bareplane.specs import Connection
from tests.e2e.conftest import Figures, World
from tests.e2e.kubernetes import Cluster, ask, eventually
from tests.e2e.servers import differences
from tests.e2e.stack import HELLO, Stack
from tests.standin import plugin

WORD = "winterbottom-under-the-stairs"
HOST = {"server": "server-4", "engine": "docker", "images": ["hello"]}
OTHER_IMAGE = "bareplane.dev/hello:other"
APP: dict[str, Any] = {
    "name": "in-docker",
    "image": HELLO["image"],
    "placement": "container",
    "port": 8084,
    "servers": ["server-4"],
    "environment": {"GREETING": "good day", "NOTE": "/data/note"},
    "secretEnvironment": {"WORD": WORD},
    "volume": {"path": "/data"},
    "healthCheck": {"path": "/healthz"},
    "limits": {"cpu": "500m", "memory": "64Mi"},
}
CONTAINER = "in-docker-server-4-container"
MADE = {
    "server-4-docker-provider",
    f"server-4-{HELLO['image']}",
    "in-docker-server-4-network",
    "in-docker-server-4-volume",
    CONTAINER,
}


def declare(stack: Stack, **changes: Any) -> None:
    stack.configure(hosts=[HOST], apps=[HELLO, {**APP, **changes}])


def note(url: str, text: str | None = None) -> str:
    """What the app's volume holds; with `text`, after that was put there."""
    if text is not None:
        urllib.request.urlopen(urllib.request.Request(f"{url}note", text.encode(), method="PUT"), timeout=10).close()
    with urllib.request.urlopen(f"{url}note", timeout=10) as answer:
        return answer.read().decode()


def says(url: str) -> str | None:
    """Its greeting; None while nothing answers."""
    try:
        return ask(url)["message"]
    except (urllib.error.URLError, TimeoutError, ConnectionError):
        return None


@pytest.fixture(scope="module")
def url(world: World) -> str:
    return f"http://{world.lab.address('server-4')}:8084/"


@pytest.mark.usefixtures("cluster")
def test_without_the_plugin_the_engine_says_what_is_missing(stack: Stack) -> None:
    declare(stack)
    assert "no resource plugin 'pulumi-resource-docker'" in stack.preview(fails=True).text


def test_a_preview_of_a_new_host_shows_its_apps(stack: Stack, world: World) -> None:
    plugin.install(stack.environment, stack.root)
    declare(stack)
    preview = stack.preview()
    assert set(preview.steps) >= MADE
    assert set(preview.steps.values()) == {"create"}
    assert "docker" not in world.lab.on("server-4", "ls /etc")


def test_hello_answers_from_a_container_of_dockers(stack: Stack, world: World, url: str, figures: Figures) -> None:
    declare(stack)
    outcome = stack.up()
    figures.add("up: a Docker host and an app on it", outcome.seconds)
    assert set(outcome.steps) >= MADE
    assert (ask(url)["message"], ask(url)["node"]) == ("good day", "server-4")
    assert note(url, "kept") == "kept"
    told = json.loads(stack.output("apps"))["in-docker"]
    assert (told["state"], told["addresses"]) == ("running", [f"{world.lab.address('server-4')}:8084"])
    found = json.loads(world.lab.on("server-4", "docker inspect bareplane-in-docker"))[0]
    host = found["HostConfig"]
    assert (host["Memory"], host["CpuQuota"], host["CapDrop"]) == (64 << 20, 50_000, ["ALL"])
    assert list(found["NetworkSettings"]["Networks"]) == ["bareplane-in-docker"]


def test_a_second_up_and_a_refresh_change_nothing(stack: Stack) -> None:
    assert stack.up().steps == {}
    stack.refresh()
    assert stack.preview().steps == {}


def test_what_is_secret_is_shown_nowhere(stack: Stack, world: World) -> None:
    assert WORD not in json.dumps(stack.export())
    assert WORD in json.dumps(stack.export(secrets=True))
    assert WORD not in world.lab.on("server-4", "ps axww -o args; journalctl --no-pager -u docker")


def test_only_the_pinned_key_is_trusted_and_a_jump_host_has_its_own(world: World) -> None:
    """What pulumi-docker hands to ssh, run with the ssh that it would run."""
    entries = {one["name"]: one for one in world.lab.entries()}
    right = Connection.from_wire(entries["server-4"])
    through = Connection.from_wire({**entries["server-4"], "jump": entries["server-1"]})
    strange = Connection.from_wire({**entries["server-4"], "hostKey": entries["server-1"]["hostKey"]})
    wrong_jump = {**entries["server-1"], "hostKey": entries["server-4"]["hostKey"]}
    through_a_stranger = Connection.from_wire({**entries["server-4"], "jump": wrong_jump})

    def run(connection: Connection) -> subprocess.CompletedProcess[str]:
        command = ["ssh", *ssh_options(connection), "-l", "root", "--", connection.address, "hostname"]
        return subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=60, stdin=subprocess.DEVNULL
        )

    assert [run(one).stdout.strip() for one in (right, through)] == ["server-4", "server-4"]
    for one in (strange, through_a_stranger):
        done = run(one)
        assert (done.returncode, done.stdout) == (255, "")
        assert "Host key verification failed" in done.stderr


def test_a_removed_container_is_named_and_made_again(stack: Stack, world: World, url: str) -> None:
    world.lab.on("server-4", "docker rm -f bareplane-in-docker")
    stack.refresh()
    assert stack.preview().steps == {CONTAINER: "create"}
    assert stack.up().steps == {CONTAINER: "create"}
    assert (ask(url)["message"], note(url)) == ("good day", "kept")


def test_a_stopped_container_is_named_and_runs_again(stack: Stack, world: World, url: str) -> None:
    world.lab.on("server-4", "docker stop bareplane-in-docker")
    stack.refresh()
    preview = stack.preview()
    assert set(preview.differences) == {CONTAINER}
    assert "mustRun" in preview.differences[CONTAINER]
    stack.up()
    assert (ask(url)["message"], note(url)) == ("good day", "kept")


def test_a_container_that_dies_is_run_again_without_pulumi(world: World, url: str) -> None:
    world.lab.on("server-4", "kill -9 $(docker inspect --format '{{.State.Pid}}' bareplane-in-docker)")
    eventually(lambda: says(url) == "good day", 15, "the container runs again")


def test_new_environment_image_and_command_replace_it_and_keep_the_volume(
    stack: Stack, world: World, url: str, figures: Figures
) -> None:
    since = world.lab.on("server-4", "docker volume inspect --format '{{.CreatedAt}}' bareplane-in-docker")
    declare(stack, environment={**APP["environment"], "GREETING": "good night"})
    outcome = stack.up()
    figures.add("update of an app on a Docker host", outcome.seconds)
    assert set(outcome.steps) == {CONTAINER}
    assert (ask(url)["message"], note(url)) == ("good night", "kept")
    world.lab.on("server-4", f"docker tag {HELLO['image']} {OTHER_IMAGE}")
    declare(stack, image=OTHER_IMAGE, command=["/hello"])
    stack.up()
    assert (ask(url)["message"], note(url)) == ("good day", "kept")
    assert world.lab.on("server-4", "docker inspect --format '{{.Path}}' bareplane-in-docker") == "/hello"
    assert since == world.lab.on("server-4", "docker volume inspect --format '{{.CreatedAt}}' bareplane-in-docker")


def test_a_new_limit_changes_the_running_container(stack: Stack, world: World, url: str) -> None:
    declare(stack)
    stack.up()
    began = world.lab.on("server-4", "docker inspect --format '{{.State.StartedAt}}' bareplane-in-docker")
    declare(stack, limits={"cpu": "500m", "memory": "128Mi"})
    assert stack.up().steps == {CONTAINER: "update"}
    now = world.lab.on(
        "server-4", "docker inspect --format '{{.State.StartedAt}} {{.HostConfig.Memory}}' bareplane-in-docker"
    )
    assert now == f"{began} {128 << 20}"
    assert says(url) == "good day"


def test_an_app_taken_out_leaves_the_host_and_its_images(stack: Stack, world: World) -> None:
    stack.configure(hosts=[HOST])
    steps = stack.up().steps
    assert set(steps) >= MADE
    assert set(steps.values()) == {"delete"}
    listed = "docker ps -aq; docker volume ls -q; docker network ls -q --filter type=custom; docker images -q"
    # The catalog's image and the test's own name for it: neither came with the app.
    assert len(set(world.lab.on("server-4", listed).split())) == 1
    stack.refresh()
    assert stack.preview().steps == {}


def test_a_host_taken_out_is_as_it_was_before(cluster: Cluster, stack: Stack, world: World) -> None:
    declare(stack)
    stack.up()
    stack.configure()
    outcome = stack.up()
    assert set(outcome.steps.values()) == {"delete"}
    assert differences(world.before, {"server-4": world.lab.inventory("server-4")}) == []
    assert world.held["server-4"].answers("still there?")
    assert cluster.all_pods_ready()
