"""`Manifest`: Kubernetes objects, applied on the server side under a field manager of ours and watched for drift."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Generic, TypeVar, cast

from bareplane.specs import ManifestSpec
from bareplane_provider.errors import BareplaneError
from bareplane_provider.kinds.api_kind import ApiKind, Facts
from bareplane_provider.kinds.control_planes import kubectl
from bareplane_provider.kubeadm.yaml_text import yaml_text
from bareplane_provider.plugin.kind import Context, Outputs, State
from bareplane_provider.transport.session import Session

ROLLED_OUT = frozenset({"Deployment", "DaemonSet", "StatefulSet"})
APPLY = ("apply", "--server-side", "--force-conflicts", "--field-manager=bareplane", "-f", "-")
REFUSED = 'The Service "{name}" is invalid'
Object = Mapping[str, Any]
TYPE = "CustomResourceDefinition"
UNKNOWN_KIND = re.compile(r'no matches for kind "([^"]+)" in version "([^"]+)"')
M = TypeVar("M", bound=ManifestSpec)


class Manifests(ApiKind[M], Generic[M]):
    """Kinds that consist of objects; one may add what it says of them."""

    def identity(self, name: str, spec: M) -> str:
        return f"manifest/{name}"

    def observe(self, spec: M, session: Session) -> Facts:
        shown = of_known_kinds(session, spec.objects, "get", "--ignore-not-found", "-o", "json")
        found: dict[str, Any] = json.loads(shown) if shown.strip() else {"items": []}
        live = {key(one): one for one in found.get("items", [found])}
        return {key(one): compared(one, live.get(key(one))) for one in spec.objects}

    def apply(self, spec: M, session: Session, context: Context) -> None:
        try:
            kubectl(session, *APPLY, stdin=stream(spec.objects))
        except BareplaneError as error:
            # A port that somebody changed is theirs to a server-side apply, which puts ours beside it, and a Service
            # does not take two ports without names. Replaced, it keeps the addresses and node ports it was given.
            services = tuple(one for one in spec.objects if REFUSED.format(**one["metadata"]) in str(error))
            if not services:
                raise
            kubectl(session, "replace", "-f", "-", stdin=stream(services))
            kubectl(session, *APPLY, stdin=stream(spec.objects))
        types = [f"crd/{one['metadata']['name']}" for one in spec.objects if one["kind"] == TYPE]
        if types:
            # What is made next may be of these types.
            kubectl(session, "wait", "--for=condition=Established", "--timeout=60s", *types)
        if not spec.wait_seconds:
            return
        for one in spec.objects:
            if one["kind"] in ROLLED_OUT:
                context.progress(f"waiting for {key(one)} to be rolled out")
                kubectl(
                    session,
                    *in_namespace(one),
                    "rollout",
                    "status",
                    f"{one['kind']}/{one['metadata']['name']}",
                    f"--timeout={spec.wait_seconds}s",
                    timeout=spec.wait_seconds + 30,
                )

    def update(self, id: str, old: State, new: dict[str, Any], context: Context) -> Outputs:
        outputs = super().update(id, old, new, context)
        kept = {key(one) for one in new["objects"]}
        gone = [one for one in old.inputs["objects"] if key(one) not in kept]
        if gone:
            super().delete(id, State({**old.inputs, "objects": gone}, old.outputs), context)
        return outputs

    def remove(self, spec: M, session: Session, context: Context) -> None:
        of_known_kinds(session, spec.objects, "delete", "--ignore-not-found", "--wait=true")


class Manifest(Manifests[ManifestSpec]):
    name = "Manifest"
    spec = ManifestSpec


def of_known_kinds(session: Session, objects: tuple[dict[str, Any], ...], *arguments: str) -> str:
    """kubectl with the objects; without those of a kind that the cluster does not know, as none of them is there."""
    try:
        return kubectl(session, *arguments, "-f", "-", stdin=stream(objects))
    except BareplaneError as error:
        unknown = {(kind, version) for kind, version in UNKNOWN_KIND.findall(str(error))}
        known = tuple(one for one in objects if (one["kind"], one.get("apiVersion")) not in unknown)
        if not unknown or len(known) == len(objects):
            raise
    return of_known_kinds(session, known, *arguments) if known else ""


def stream(objects: tuple[dict[str, Any], ...]) -> str:
    return yaml_text(*objects)


def key(one: Object) -> str:
    """`Deployment default/hello`; objects without a namespace in their metadata stand in `default` or in none."""
    metadata = one["metadata"]
    return f"{one['kind']} {metadata.get('namespace', 'default')}/{metadata['name']}"


def in_namespace(one: Object) -> list[str]:
    return ["-n", one["metadata"].get("namespace", "default")]


def compared(wished: Object, live: Object | None) -> dict[str, str]:
    """The live values of the fields that the manifest sets; what the cluster adds by itself is left out."""
    if live is None:
        return {"present": "no"}
    return {"present": "yes", **{path: shown(live, path) for path in sorted(fields(wished))}}


def fields(value: Any, path: str = "") -> Iterator[str]:
    """Paths of all leaves, as JSON pointers."""
    if isinstance(value, dict) and value:
        for name, below in cast("dict[str, Any]", value).items():
            yield from fields(below, f"{path}/{name.replace('~', '~0').replace('/', '~1')}")
    elif isinstance(value, list | tuple) and value:
        for index, below in enumerate(cast("list[Any]", value)):
            yield from fields(below, f"{path}/{index}")
    else:
        yield path


def shown(document: Object, pointer: str) -> str:
    value: Any = document
    for part in pointer.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        try:
            value = cast("list[Any]", value)[int(name)] if isinstance(value, list) else value[name]
        except (KeyError, IndexError, TypeError, ValueError):
            return "(absent)"
    return json.dumps(value, sort_keys=True)
