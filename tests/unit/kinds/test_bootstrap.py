"""What makes a cluster of an API server: all of it is watched, and no means to misuse it is left."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from bareplane_provider.kinds import KINDS
from bareplane_provider.kinds.cluster_objects import KUBEADMS, facts_of, named, stub
from bareplane_provider.plugin.kind import State
from bareplane_templates import source

BOOTSTRAP = KINDS["bareplane:index:ClusterBootstrap"]
COREFILE = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "coredns", "namespace": "kube-system", "resourceVersion": "7", "labels": {"a": "b"}},
    "data": {"Corefile": "text", "jws-kubeconfig-abcdef": "a signature of the moment"},
}


def inputs(kit: Any) -> dict[str, Any]:
    node = kit.inputs["ControlPlane"]
    planes = {"controlPlanes": [kit.inputs["WorkerNode"]["controlPlanes"][0]]}
    return {**planes, "cluster": node["cluster"], "node": node["node"], "address": node["address"]}


def cluster(kit: Any, *objects: Any) -> Any:
    return kit.machine(lambda argv, stdin: json.dumps({"items": objects}) if "get" in argv else "")


@pytest.mark.parametrize("name", KUBEADMS)
def test_what_is_asked_for_is_named_as_it_is_shown(name: str) -> None:
    assert named(stub(name)) == name


def test_every_field_is_a_fact_but_what_the_cluster_says_of_itself() -> None:
    found = facts_of({**COREFILE, "status": {"x": 1}})
    assert found == {"present": "yes", "/data/Corefile": '"text"', "/metadata/labels/a": '"b"'}


def test_a_field_that_was_added_is_a_difference(kit: Any) -> None:
    made = BOOTSTRAP.create("c", inputs(kit), kit.talk(cluster(kit, COREFILE)))
    edited = {**COREFILE, "data": {"Corefile": "other", "more": "x"}}
    state = State(inputs(kit), made.outputs)
    found = BOOTSTRAP.read("c", state, kit.talk(cluster(kit, edited)))
    changes = {one.path for one in BOOTSTRAP.diff(State(state.inputs, found or {}), state.inputs).changes}
    object = 'facts["ConfigMap kube-system/coredns"]'
    assert changes == {f'{object}["/data/Corefile"]', f'{object}["/data/more"]'}


@pytest.mark.parametrize(("corefile", "anew"), [("text", ""), ("by hand", "ConfigMap/kube-system/coredns")])
def test_what_kubeadm_would_leave_alone_is_made_anew_when_it_was_changed(kit: Any, corefile: str, anew: str) -> None:
    made = BOOTSTRAP.create("c", inputs(kit), kit.talk(cluster(kit, COREFILE)))
    edited = {**COREFILE, "data": {"Corefile": corefile}}
    found = BOOTSTRAP.read("c", State(inputs(kit), made.outputs), kit.talk(cluster(kit, edited)))
    machine = cluster(kit, COREFILE)
    BOOTSTRAP.update("c", State(inputs(kit), found or {}), inputs(kit), kit.talk(machine))
    (script,) = [argv for argv, _ in machine.ran if argv[0] == "sh"]
    assert script[7] == anew


def test_the_token_is_said_on_standard_input_alone(kit: Any) -> None:
    machine = cluster(kit, COREFILE)
    context = kit.talk(machine)
    BOOTSTRAP.create("c", inputs(kit), context)
    (token,) = context.concealed
    (given,) = [stdin for argv, stdin in machine.ran if argv[0] == "sh"]
    assert next(yaml.safe_load_all(given))["bootstrapTokens"][0]["token"] == token
    assert not [line for line in machine.lines() if token in line]


KUBEADM = """#!/bin/sh
echo "kubeadm $*" >>"$LOG"
case "$*" in *super-admin*) : >"$8/super-admin.conf" ;; *"$FAILS"*) exit 1 ;; esac
exit 0
"""
KUBECTL = """#!/bin/sh
echo "kubectl $*" >>"$LOG"
case "$*" in *"get clusterrolebinding"*) echo "$BOUND" ;; esac
"""


# The API server's authorizer has heard of the binding once this was asked for the third time.
SLOW_KUBECTL = (
    KUBECTL
    + """
case "$*" in *"get clusterrolebinding"*) [ "$(grep -c "get clusterrolebinding" "$LOG")" -ge 3 ] || exit 1 ;; esac
"""
)


def bootstrap(folder: Path, kubectl: str, *, fails: str = "never", bound: str = "") -> tuple[int, list[str], bool]:
    """Exit status, what was run, and whether the folder with means to misuse is still there."""
    for name, text in (("kubeadm", KUBEADM), ("kubectl", kubectl)):
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    run = folder / "run"
    script = source("bootstrap.sh").replace("/run/bareplane-bootstrap", str(run))
    # As a run that was killed leaves it.
    run.mkdir()
    (run / "super-admin.conf").touch()
    arguments = [folder / "kubeadm", "/config", "abcdef", "kind/a/b", folder / "kubectl", "-x"]
    done = subprocess.run(
        ["sh", "-c", script, "bootstrap", *arguments],
        input="token",
        text=True,
        check=False,
        env={"LOG": str(folder / "log"), "FAILS": fails, "BOUND": bound, "PATH": os.environ["PATH"]},
    )
    return done.returncode, (folder / "log").read_text().splitlines(), run.exists()


@pytest.mark.parametrize("fails", ["never", "upload-config", "bootstrap-token", "coredns"])
@pytest.mark.parametrize("bound", ["", "cluster-admin kubeadm:cluster-admins", "view somebody"])
def test_nothing_that_could_be_misused_outlives_the_script(tmp_path: Path, fails: str, bound: str) -> None:
    status, said, left = bootstrap(tmp_path, KUBECTL, fails=fails, bound=bound)
    assert (status == 0) is (fails == "never")
    assert not left
    assert said[-1] == "kubectl -x -n kube-system delete secret bootstrap-token-abcdef --ignore-not-found"
    rebound = any("super-admin.conf" in line and "create clusterrolebinding" in line for line in said)
    assert rebound is (bound != "cluster-admin kubeadm:cluster-admins")
    assert "kubectl -x -n a delete kind b --ignore-not-found --cascade=orphan" in said


def test_kubeadm_waits_until_the_api_server_knows_its_admins(tmp_path: Path) -> None:
    status, said, _ = bootstrap(tmp_path, SLOW_KUBECTL)
    asked = [number for number, line in enumerate(said) if "get clusterrolebinding" in line]
    (uploaded,) = [number for number, line in enumerate(said) if "upload-config" in line]
    assert status == 0
    assert len(asked) == 3
    assert asked[-1] < uploaded
