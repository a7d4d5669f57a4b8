"""Every secret of a whole run is searched for wherever somebody else could read it, and found nowhere.

The run is as talkative as can be: previews with all differences, every message of the engine's log, an update that
changes secrets, a failure with its trace. Two things hold secrets by Pulumi's own design, and nothing beside these is
let pass: what its engine logs of its talk with plugins, and the variable in which a program is given its configuration.
"""

from __future__ import annotations

import base64
import json
import secrets
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.canaries.canary import Canary, in_state, keys_in, word
from tests.e2e.canaries.places import Findings, Search, looks, sampling
from tests.e2e.conftest import Figures, World
from tests.e2e.servers import Lab
from tests.e2e.stack import PROJECT, Stack
from tests.figures import record

CONTROL_PLANE, WORKER = SERVERS = ("server-1", "server-2")
TALKATIVE = ("--debug", "-v=9", "--logtostderr")
ENCRYPTION = "/etc/kubernetes/bareplane/encryption.yaml"
KUBECTL = "/opt/bareplane/bin/kubectl --kubeconfig /etc/kubernetes/admin.conf --cache-dir /dev/null"
KEYS = "grep -rlsE 'PRIVATE KEY|client-key-data' /etc/kubernetes /var/lib/kubelet/pki | xargs -r cat"
# Bootstrap tokens live for seconds: they are watched for as long as the API server answers.
TOKENS = f"""
while :; do
    {KUBECTL} get secrets -n kube-system --field-selector type=bootstrap.kubernetes.io/token --watch \\
        -o 'jsonpath={{.data.token-secret}}{{"\\n"}}' 2>/dev/null || sleep 0.2
done
"""
DEPLOYED = "hello-manifest"
ENGINE = ("Marshaling property for RPC[", "Unmarshaling property for RPC[", "Planner decided ")


class Observed:
    """One stack's whole life, with everything it said kept in files."""

    def __init__(self, world: World, folder: Path) -> None:
        self.lab, self.folder = world.lab, folder
        self.stack = Stack(folder, "canaries", world.lab.inventory_file)
        self.said = folder / "said"
        self.said.mkdir()
        self.samples = folder / "samples"
        self.samples.mkdir()
        self.canaries: set[Canary] = set()

    def run(self, name: str, *arguments: str, fails: bool = False) -> str:
        text = self.stack.run(*arguments, fails=fails).text
        (self.said / name).write_text(text)
        return text

    def set_environment(self, value: str) -> None:
        """As a user does: the value is typed, not an argument."""
        key = f"{PROJECT}:apps[0].environment.WORD"
        command = self.stack.command("config", "set", "--secret", "--path", key)
        subprocess.run(command, env=self.stack.environment, input=value, text=True, check=True, capture_output=True)
        self.canaries.add(word("environment of an app", value))

    def collect(self) -> None:
        """Learn every secret that there is now."""
        self.canaries.update(in_state(self.stack.export(secrets=True)))
        for server in SERVERS:
            self.canaries.update(keys_in(f"private key on {server}", self.lab.on(server, KEYS)))

    def search_servers(self, search: Search, findings: Findings) -> None:
        for server in SERVERS:
            for place, hits in search.on(self.lab, server).items():
                findings.add(f"{place} of {server}", hits)

    def live(self) -> None:
        """Preview, up, refresh, changed secrets, a failure, its repair."""
        self.run("preview", "preview", "--diff", *TALKATIVE)
        self.run("up", "up", "--yes", "--skip-preview", *TALKATIVE)
        self.collect()
        self.run("refresh", "refresh", "--yes", "--skip-preview", "--diff", *TALKATIVE)
        self.stack.configure([CONTROL_PLANE], [WORKER], encryptionKeys=["key-2", "key-1"])
        self.set_environment(f"summer-{secrets.token_hex(16)}")
        self.run("preview of changed secrets", "preview", "--diff", *TALKATIVE)
        self.run("preview of changed secrets, json", "preview", "--json")
        changed = self.run("update", "up", "--yes", "--skip-preview", "--diff", *TALKATIVE)
        assert "server-1-control-plane" in changed
        assert DEPLOYED in changed
        self.collect()
        self.lab.on(CONTROL_PLANE, f"rm {ENCRYPTION}; mkdir {ENCRYPTION}")
        self.run("refresh of what is broken", "refresh", "--yes", "--skip-preview", "--diff", *TALKATIVE)
        failed = self.run("failure", "up", "--yes", "--skip-preview", "--diff", *TALKATIVE, fails=True)
        assert "Traceback (most recent call last)" in failed
        self.lab.on(CONTROL_PLANE, f"rmdir {ENCRYPTION}")
        # The engine's own log would tear the lines of its events.
        self.run("repair", "up", "--yes", "--skip-preview", "--json")
        self.run("outputs", "stack", "output", "--json")


def own_key(lab: Lab) -> Iterator[Canary]:
    yield from keys_in("key of the user's", (lab.directory / "id_ed25519").read_text())


def tokens(text: str) -> set[Canary]:
    """From what kubectl shows of bootstrap tokens: the secret half of each, in base64."""
    return {word("bootstrap token", base64.b64decode(line).decode()) for line in text.split()}


def test_no_secret_comes_to_light(world: World, tmp_path: Path, figures: Figures) -> None:
    observed, findings = Observed(world, tmp_path), Findings()
    observed.stack.configure([CONTROL_PLANE], [WORKER])
    observed.set_environment(f"winter-{secrets.token_hex(16)}")
    observed.canaries.update(own_key(world.lab))
    watched = tmp_path / "tokens"
    with watched.open("w") as output, figures.timed("a whole run, watched for secrets"):
        watch = subprocess.Popen(world.lab.ssh(CONTROL_PLANE, TOKENS), stdout=output, stdin=subprocess.DEVNULL)
        try:
            with sampling(world.lab, SERVERS, str(tmp_path), observed.samples):
                observed.live()
                observed.canaries.update(tokens(watched.read_text()))
                search = Search(observed.canaries, tmp_path)
                observed.search_servers(search, findings)
                observed.run("destroy", "destroy", "--yes", "--skip-preview", "--diff", *TALKATIVE)
        finally:
            watch.kill()
            watch.wait()
    names = sorted({one.name for one in observed.canaries})
    assert names == [
        "bootstrap token",
        "environment of an app",
        "key for Secrets at rest",
        "key of the user's",
        "private key of the state",
        "private key on server-1",
        "private key on server-2",
    ]
    for path in sorted([*observed.said.iterdir(), *observed.samples.iterdir()]):
        lines = search.below(path)
        ours = [line for line in lines if not by_pulumis_design(line, search)]
        findings.pulumis += len(lines) - len(ours)
        findings.add(f"{path.parent.name}: {path.name}", ours)
    findings.add("state and configuration", search.below(observed.stack.state, observed.stack.project / "config"))
    findings.add("Pulumi's own files", search.below(observed.stack.root / "home"))
    findings.add("temporary files", search.below(*readable_temporary_files(tmp_path)))
    record(
        "secrets",
        {
            "canaries": len(observed.canaries),
            "forms searched for": len(search.patterns),
            "places": findings.places,
            "looks at processes": looks(observed.samples),
            "lines of Pulumi's own log and environment": findings.pulumis,
            "hits": sum(map(len, findings.hits.values())),
        },
    )
    assert findings.hits == {}


def by_pulumis_design(line: str, search: Search) -> bool:
    """Whether the engine logs here what it says to a plugin, or a program was given this configuration."""
    if not line.startswith("{"):
        return False
    document = json.loads(line)
    if document.get("what") == "environ":
        others = [one for one in document["text"].split("\0") if not one.startswith("PULUMI_CONFIG=")]
        return not any(map(search.in_text, others))
    return str(document.get("msg", "")).startswith(ENGINE)


def readable_temporary_files(own: Path) -> list[Path]:
    """Files of /tmp that others can read and that are no older than the run."""
    command = ["find", "/tmp", "-newer", str(own / "tokens"), "-type", "f", "-perm", "/077", "-size", "-4M"]
    command += ["-not", "-path", f"{own}/*", "-print0"]
    found = subprocess.run(command, capture_output=True, check=False).stdout.decode().split("\0")
    return [Path(one) for one in found if one]


LEAKS = {
    "argv": "sh -c 'sleep 1' {secret}",
    "environ": "WORD={secret} sleep 1",
    "files that others can read": "umask 022; mkdir -p /opt/leak; echo {secret} >/opt/leak/file",
    "journal": "systemd-cat echo {secret}",
    "ledger": "mkdir -p /var/lib/bareplane; echo {secret} >/var/lib/bareplane/leak",
    "audit log": "echo {secret} >/var/log/leak",
}


@pytest.mark.parametrize("place", LEAKS)
def test_a_secret_that_leaks_is_found(world: World, tmp_path: Path, place: str) -> None:
    secret = f"leaking-{secrets.token_hex(16)}"
    search = Search([word("planted", secret)], tmp_path)
    # A piece of it is enough, and so is its base64.
    shown = secret[5:29]
    with sampling(world.lab, [WORKER], str(tmp_path), tmp_path):
        world.lab.on(WORKER, LEAKS[place].format(secret=shlex.quote(shown)))
        found = search.on(world.lab, WORKER)
    world.lab.on(WORKER, "rm -rf /opt/leak /var/lib/bareplane/leak /var/log/leak; rmdir /var/lib/bareplane || true")
    samples = [json.loads(line) for line in search.below(tmp_path / f"{WORKER}.samples")]
    assert place in {name for name, lines in found.items() if lines} | {one["what"] for one in samples}


def test_a_secret_in_the_plain_state_is_found(tmp_path: Path) -> None:
    key = subprocess.run(
        ["openssl", "ecparam", "-genkey", "-name", "prime256v1", "-noout"], capture_output=True, text=True, check=True
    ).stdout
    canaries = list(keys_in("planted", key))
    assert len(canaries) == 1
    search = Search(canaries, tmp_path)
    (tmp_path / "state").mkdir()
    for name, text in {
        "json": json.dumps({"key": key}),
        "kubeconfig": json.dumps({"client-key-data": encoded(key)}),
        "twice": encoded(json.dumps({"users": [{"client-key-data": encoded(key)}]})),
        "piece": key.splitlines()[1][12:38],
    }.items():
        place = tmp_path / "state" / name
        place.write_text(text)
        assert search.below(place), name
    public = subprocess.run(["openssl", "ec", "-pubout"], input=key, capture_output=True, text=True, check=True).stdout
    (tmp_path / "state" / "public").write_text(public)
    assert search.below(tmp_path / "state" / "public") == []


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
