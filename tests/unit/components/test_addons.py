"""The objects of MetalLB and of the local-path provisioner: what they refer to is there; they may what they need."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from bareplane.config.addons import StorageConfig
from bareplane.load_balancer import IMAGES as LOAD_BALANCER_IMAGES
from bareplane.load_balancer import address_pool, load_balancer
from bareplane.load_balancer_types import KINDS
from bareplane.storage import IMAGES as STORAGE_IMAGES
from bareplane.storage import configuration, provisioner, storage_class, working_pod
from bareplane_provider.catalog import read_lock

BALANCER, STORAGE = load_balancer(control_planes_announce=False), provisioner(StorageConfig())
ALL = {"load balancer": BALANCER, "storage": STORAGE}
CLUSTER_WIDE = {"ClusterRole", "ClusterRoleBinding", "CustomResourceDefinition", "Namespace"}


def names(objects: list[dict[str, Any]]) -> set[tuple[str, str]]:
    return {(one["kind"], one["metadata"]["name"]) for one in objects}


def pods(objects: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    yield from (one["spec"]["template"] for one in objects if one["kind"] in ("Deployment", "DaemonSet"))


@pytest.mark.parametrize("objects", ALL.values(), ids=ALL)
def test_everything_an_object_refers_to_is_made_with_it(objects: list[dict[str, Any]]) -> None:
    known = names(objects)
    (namespace,) = [name for kind, name in known if kind == "Namespace"]
    for one in objects:
        assert one["metadata"].get("namespace") == (None if one["kind"] in CLUSTER_WIDE else namespace)
        if one["kind"].endswith("Binding"):
            assert (one["roleRef"]["kind"], one["roleRef"]["name"]) in known
            assert all(("ServiceAccount", subject["name"]) in known for subject in one["subjects"])
    for pod in pods(objects):
        assert ("ServiceAccount", pod["spec"]["serviceAccountName"]) in known
        mapped = (
            {one["configMap"]["name"] for one in pod["spec"]["volumes"] if "configMap" in one}
            if ("volumes" in pod["spec"])
            else set()
        )
        assert all(("ConfigMap", name) in known for name in mapped)


@pytest.mark.parametrize(("objects", "images"), [(BALANCER, LOAD_BALANCER_IMAGES), (STORAGE, STORAGE_IMAGES)])
def test_images_are_those_of_the_catalog(objects: list[dict[str, Any]], images: tuple[str, ...]) -> None:
    used = {container["image"] for pod in pods(objects) for container in pod["spec"]["containers"]}
    if objects is STORAGE:
        used.add(working_pod()["spec"]["containers"][0]["image"])
    assert used == {read_lock().image(name).reference for name in images}


@pytest.mark.parametrize("objects", [*ALL.values(), [{"spec": {"template": working_pod()}, "kind": "Deployment"}]])
def test_containers_may_no_more_than_they_need(objects: list[dict[str, Any]]) -> None:
    for pod in pods(objects):
        for container in pod["spec"]["containers"]:
            context = container["securityContext"]
            assert context["capabilities"]["drop"] == ["ALL"]
            assert not context["allowPrivilegeEscalation"]
            assert context["readOnlyRootFilesystem"]
            assert context.get("runAsNonRoot") or container["name"] in ("speaker", "helper-pod")


@pytest.mark.parametrize("objects", ALL.values(), ids=ALL)
def test_nobody_reads_secrets_outside_the_own_namespace(objects: list[dict[str, Any]]) -> None:
    everywhere = [rule for one in objects if one["kind"] == "ClusterRole" for rule in one["rules"]]
    assert not [rule for rule in everywhere if {"secrets", "*", "pods"} & set(rule["resources"])]


def test_every_type_has_one_stored_version_and_pools_are_of_one_of_them() -> None:
    types = [one["spec"] for one in BALANCER if one["kind"] == "CustomResourceDefinition"]
    assert {one["names"]["kind"] for one in types} == set(KINDS)
    assert all(sum(version["storage"] for version in one["versions"]) == 1 for one in types)
    for one in address_pool(["10.0.0.200-10.0.0.210"]):
        group, version = one["apiVersion"].split("/")
        assert any(
            each["group"] == group
            and each["names"]["kind"] == one["kind"]
            and version in [known["name"] for known in each["versions"]]
            for each in types
        )


@pytest.mark.parametrize("announce", [True, False])
def test_control_planes_answer_for_addresses_only_where_pods_run_on_them(announce: bool) -> None:
    made = load_balancer(control_planes_announce=announce)
    (speaker,) = [one for one in made if one["kind"] == "DaemonSet"]
    assert ("--ignore-exclude-lb" in speaker["spec"]["template"]["spec"]["containers"][0]["args"]) == announce


def test_the_class_is_as_configured() -> None:
    made = storage_class(StorageConfig(default=False, reclaim_policy="Retain"))
    assert made["reclaimPolicy"] == "Retain"
    assert made["metadata"]["annotations"]["storageclass.kubernetes.io/is-default-class"] == "false"
    assert made["volumeBindingMode"] == "WaitForFirstConsumer"


def test_directories_are_made_and_removed_by_the_program_of_the_image_in_the_place_that_is_configured() -> None:
    (given,) = [one["data"] for one in provisioner(StorageConfig(path="/srv/volumes")) if one["kind"] == "ConfigMap"]
    program = f"/{read_lock().image('volumes').program}"
    read = json.loads(given["config.json"])
    assert read == configuration("/srv/volumes")
    assert read["setupCommand"] == read["teardownCommand"] == program
    assert json.loads(given["helperPod.yaml"]) == working_pod()
