"""`AppProcess`: an app as a systemd service that shares the machine with what else runs there.

systemd makes its user as it starts (`DynamicUser`), so that no account stays, and keeps what it stores in a directory
that follows the user. Secrets come from a file that only root may read: `systemctl show` has the file's name alone.
"""

from __future__ import annotations

import hashlib

from bareplane.specs import AppProcessSpec
from bareplane.specs.quantity import millicores, octets
from bareplane_provider import catalog
from bareplane_provider.facts import MachineFacts
from bareplane_provider.kinds.app_instance import AppInstance, catalog_image, seal, variables, well
from bareplane_provider.kinds.items import (
    Item,
    Plan,
    directory,
    file,
    key,
    plan,
    running,
    secret_file,
    symlink,
    unit,
    upload,
)
from bareplane_provider.paths import APP_SETTINGS, APPS
from bareplane_provider.plugin.kind import Context, Failure, Inputs
from bareplane_provider.transport.session import Session
from bareplane_templates import render
from bareplane_templates.systemd import variable

PRIVATE = "/var/lib/private"
START_SECONDS = 60
FIRST_FREE_PORT = 1024
"""Below it the kernel asks for a capability."""


class AppProcess(AppInstance[AppProcessSpec]):
    name = "AppProcess"
    spec = AppProcessSpec
    slug = "app-process"

    def unit(self, spec: AppProcessSpec) -> str:
        return f"{stem(spec)}.service"

    def check(self, inputs: Inputs) -> list[Failure]:
        failures = super().check(inputs)
        image, command = inputs.get("image"), inputs.get("command")
        if not failures and command in (None, []) and (image is None or isinstance(image, str)):
            known = ", ".join(one.reference for one in catalog.read_lock().images.values())
            if catalog_image(image) is None:
                failures.append(Failure("command", f"is missing, and {image!r} is no image of the catalog ({known})"))
        return failures

    def items(self, spec: AppProcessSpec, machine: MachineFacts) -> list[Item]:
        name, plain, secret = self.unit(spec), f"{APP_SETTINGS}/{spec.app}.env", f"{APP_SETTINGS}/{spec.app}.secret.env"
        data = f"{PRIVATE}/{stem(spec)}"
        hidden = [secret_file(secret, seal(spec) + lines(spec.secret_environment))] if spec.secret_environment else []
        return [
            # The places that systemd keeps for a service with a dynamic user; its owner changes as it starts.
            directory(PRIVATE, "0700"),
            directory(data, tree=True, owned=False),
            symlink(f"/var/lib/{stem(spec)}", f"private/{stem(spec)}"),
            *([directory(spec.volume.path, owned=False)] if spec.volume else []),
            file(plain, lines(variables(spec))),
            *hidden,
            unit(
                name,
                render(
                    "app.service.j2",
                    app=spec.app,
                    environment_files=[plain, *(one["path"] for one in hidden)],
                    state=stem(spec),
                    volume=f"{data}:{spec.volume.path}" if spec.volume else "",
                    cpu_percent=f"{millicores(spec.limits.cpu) / 10:g}" if spec.limits.cpu else "",
                    memory=str(octets(spec.limits.memory)) if spec.limits.memory else "",
                    privileged_port=spec.port < FIRST_FREE_PORT,
                    command=argv(spec),
                ),
            ),
            running(
                name,
                key(plain),
                key(secret),
                key(program(spec) or ""),
                # Removed while it runs, a directory is gone from what the app sees, whatever comes in its place.
                f"directory {data}",
                f"directory {spec.volume.path if spec.volume else ''}",
                ready=well(spec),
                timeout=START_SECONDS,
            ),
        ]

    def needs(self, inputs: Inputs) -> catalog.Needs:
        found = catalog_image(self.parse(inputs).image)
        return catalog.Needs(programs=frozenset({(found[1].program, None)} if found else ()))

    def plan(self, spec: AppProcessSpec, machine: MachineFacts, session: Session, context: Context) -> Plan:
        found, place = catalog_image(spec.image), program(spec)
        if found is None or place is None:
            return plan(*self.items(spec, machine))
        artifact = catalog.obtain(found[1].program, machine.arch, context.progress)
        return plan(upload(place, artifact), *self.items(spec, machine), artifacts=[artifact])

    def fingerprint(self, spec: AppProcessSpec, machine: MachineFacts) -> str:
        found = catalog_image(spec.image)
        version = catalog.read_lock().version(found[1].program) if found else ""
        return hashlib.sha256(f"{super().fingerprint(spec, machine)}{version}".encode()).hexdigest()[:16]


def stem(spec: AppProcessSpec) -> str:
    """What everything of it on the machine is named after."""
    return f"bareplane-process-{spec.app}"


def program(spec: AppProcessSpec) -> str | None:
    """Where the program of an image of the catalog stands; each app has its own copy."""
    found = catalog_image(spec.image)
    return f"{APPS}/{spec.app}/{found[1].program}" if found else None


def argv(spec: AppProcessSpec) -> list[str]:
    """What is run: the command, in which the image's path of its program stands for where it is here."""
    found, place = catalog_image(spec.image), program(spec)
    if found is None or place is None:
        return list(spec.command)
    first, *more = spec.command or (f"/{found[1].program}",)
    return [place if first == f"/{found[1].program}" else first, *more]


def lines(environment: dict[str, str]) -> str:
    """As an environment file of systemd's."""
    return "".join(f"{name}={variable(value)}\n" for name, value in sorted(environment.items()))
