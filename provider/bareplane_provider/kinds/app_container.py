"""`AppContainer`: an app as a container of the machine's containerd, in a namespace of its own, run by a systemd unit.

The container has the machine's network: its port is the machine's, as a process's is. The unit's main process is `ctr
run`, which hands on signals and output, so that starting, stopping and logs are systemd's as for a process.
"""

from __future__ import annotations

import hashlib

from bareplane.specs import AppContainerSpec
from bareplane.specs.quantity import millicores, octets
from bareplane_provider import catalog
from bareplane_provider.facts import MachineFacts
from bareplane_provider.kinds.app_instance import AppInstance, catalog_image, seal, variables, well
from bareplane_provider.kinds.items import (
    Item,
    Plan,
    directory,
    image,
    key,
    plan,
    pull_item,
    residue,
    running,
    secret_file,
    unit,
)
from bareplane_provider.kubeadm.kubelet import cgroup_driver
from bareplane_provider.paths import APP_SETTINGS, CONTAINERD_SOCKET, SEARCH_PATH, VOLUMES, program
from bareplane_provider.plugin.kind import Context, Failure, Inputs
from bareplane_provider.transport.session import Session
from bareplane_templates import render

START_SECONDS = 90
TASKS = "/var/lib/containerd/io.containerd.runtime.v2.task"
# Arguments: how to call ctr, then the container; it is fine that there is none.
CLEAR = 'name=$1; shift; { "$@" tasks delete --force "$name"; "$@" containers delete "$name"; } >/dev/null 2>&1; true'


class AppContainer(AppInstance[AppContainerSpec]):
    name = "AppContainer"
    spec = AppContainerSpec
    slug = "app-container"
    deadline = 1800

    def unit(self, spec: AppContainerSpec) -> str:
        return f"{stem(spec)}.service"

    def check(self, inputs: Inputs) -> list[Failure]:
        failures = super().check(inputs)
        command, found = inputs.get("command"), catalog_image(inputs.get("image"))
        if not failures and found and isinstance(command, list) and command:
            own = f"/{found[1].program}"
            if command[0] != own:
                failures.append(Failure("command", f"begins with {command[0]!r}; this image holds {own} alone"))
        return failures

    def items(self, spec: AppContainerSpec, machine: MachineFacts) -> list[Item]:
        name, environment = self.unit(spec), settings(spec)
        return [
            directory(VOLUMES, "0700"),
            # Whoever the image's user is may write; nobody else gets past the directory above.
            directory(f"{VOLUMES}/{spec.app}", "0777", tree=True),
            # containerd makes it for the namespace, and leaves it.
            directory(f"{TASKS}/{stem(spec)}", tree=True, owned=False),
            residue(f"containers {stem(spec)}"),
            residue(f"cgroups {stem(spec)}"),
            secret_file(environment, seal(spec) + lines(variables(spec) | spec.secret_environment)),
            unit(
                name,
                render(
                    "container.service.j2",
                    app=spec.app,
                    search_path=SEARCH_PATH,
                    clear=["/bin/sh", "-c", CLEAR, "clear", spec.app, *ctr(spec)],
                    command=[*ctr(spec), "run", *options(spec, machine), spec.image, spec.app, *arguments(spec)],
                ),
            ),
            running(
                name,
                key(environment),
                f"image {spec.image} in {stem(spec)}",
                # Removed while it runs, a directory is gone from what the app sees, whatever comes in its place.
                f"directory {VOLUMES}/{spec.app}",
                ready=well(spec),
                timeout=START_SECONDS,
            ),
        ]

    def needs(self, inputs: Inputs) -> catalog.Needs:
        found = catalog_image(self.parse(inputs).image)
        return catalog.Needs(images=frozenset({found[0]} if found else ()))

    def plan(self, spec: AppContainerSpec, machine: MachineFacts, session: Session, context: Context) -> Plan:
        *before, file, made, started = self.items(spec, machine)
        found = catalog_image(spec.image)
        if found is None:
            return plan(*before, pull_item(spec.image, stem(spec)), file, made, started)
        obtained = catalog.obtain_image(found[0], machine.arch, context.progress)
        return plan(*before, image(obtained, stem(spec)), file, made, started, artifacts=[obtained])

    def fingerprint(self, spec: AppContainerSpec, machine: MachineFacts) -> str:
        found = catalog_image(spec.image)
        version = catalog.read_lock().version(found[1].program) if found else ""
        return hashlib.sha256(f"{super().fingerprint(spec, machine)}{version}".encode()).hexdigest()[:16]


def stem(spec: AppContainerSpec) -> str:
    """What everything of it on the machine is named after."""
    return f"bareplane-container-{spec.app}"


def ctr(spec: AppContainerSpec) -> list[str]:
    """How containerd is asked about this app's containers."""
    return [program("ctr"), "--address", CONTAINERD_SOCKET, "--namespace", stem(spec)]


def options(spec: AppContainerSpec, machine: MachineFacts) -> list[str]:
    """Flags of `ctr run`."""
    found = ["--rm", "--net-host", "--seccomp", "--runc-binary", program("runc"), "--env-file", settings(spec)]
    if cgroup_driver(machine) == "systemd":
        found += ["--runc-systemd-cgroup", "--cgroup", f"system.slice:bareplane:container-{spec.app}"]
    else:
        found += ["--cgroup", f"/{stem(spec)}/{spec.app}"]
    if spec.volume:
        mount = f"type=bind,src={VOLUMES}/{spec.app},dst={spec.volume.path},options=rbind:rw"
        found += ["--mount", mount]
    if spec.limits.cpu:
        found += ["--cpus", f"{millicores(spec.limits.cpu) / 1000:g}"]
    if spec.limits.memory:
        found += ["--memory-limit", str(octets(spec.limits.memory))]
    return found


def arguments(spec: AppContainerSpec) -> list[str]:
    """What comes after the image's entry point, which `ctr run` always keeps."""
    return list(spec.command[1:] if catalog_image(spec.image) else spec.command)


def settings(spec: AppContainerSpec) -> str:
    return f"{APP_SETTINGS}/{spec.app}.container.env"


def lines(environment: dict[str, str]) -> str:
    """As `ctr` reads it: all that comes after the first `=` is the value."""
    return "".join(f"{name}={value}\n" for name, value in sorted(environment.items()))
