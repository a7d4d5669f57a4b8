"""Whether a machine can become a node: every reason why not, each with what to try."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from bareplane.specs import MachineKindSpec
from bareplane_provider.facts import MachineFacts, Moment, Platform

ARCHITECTURES = ("amd64", "arm64")
OLDEST = {
    "debian": (12,),
    "ubuntu": (22, 4),
    "rhel": (9,),
    "rocky": (9,),
    "almalinux": (9,),
    "centos": (9,),
}
"""The first release of each distribution that brings what is asked for below; later ones are taken as they come."""
KERNEL, NFT = (5, 13), (1, 0, 1)
"""What kube-proxy 1.36 asks for in nftables mode; older nft misreads the rules it writes."""
SYSTEMD = 247
"""LoadCredential= came with it."""
PROGRAMS = {
    "ip": ("iproute2", "iproute"),
    "modprobe": ("kmod", "kmod"),
    "mount": ("mount", "util-linux"),
    "nft": ("nftables", "nftables"),
    "openssl": ("openssl", "openssl"),
}
"""What has to be there, and the package that brings it: apt's, dnf's."""
SKEW = 60.0
"""Seconds. Our authorities are valid from five minutes before they are made; leases and join tokens live for less."""
FULL = 0.15
"""The kubelet begins to remove images, then pods, when less of the disk is free."""


def unfit(spec: MachineKindSpec, machine: MachineFacts, platform: Platform, moment: Moment) -> list[str]:
    """Why the machine cannot become a node; what runs there is ours already once the ledger says so."""
    always = [*hardware(spec, machine), *clock(moment)]
    if moment.owners:
        return [*always, *ownership(spec, moment)]
    return [*always, *system(platform), *disks(spec, moment), *strangers(moment), *ports(spec, moment)]


def hardware(spec: MachineKindSpec, machine: MachineFacts) -> Iterator[str]:
    if machine.arch not in ARCHITECTURES:
        yield f"its architecture is {machine.arch}, supported are {', '.join(ARCHITECTURES)}; take another server"
    if machine.memory_mib < spec.minimum_memory_mib:
        yield (
            f"it has {machine.memory_mib} MiB of memory, at least {spec.minimum_memory_mib} are needed; "
            "give it more, or take another server"
        )
    if machine.cpus < spec.minimum_cpus:
        yield (
            f"it has {machine.cpus} CPU, at least {spec.minimum_cpus} are needed; give it more, or take another server"
        )


def clock(moment: Moment) -> Iterator[str]:
    if abs(moment.ahead) > SKEW:
        way = "ahead of" if moment.ahead > 0 else "behind"
        yield (
            f"its clock is {duration(abs(moment.ahead))} {way} this computer's, and certificates would not be valid "
            "there; see which of the two is wrong and set it (`timedatectl set-ntp true`)"
        )


def ownership(spec: MachineKindSpec, moment: Moment) -> Iterator[str]:
    for one in moment.owners:
        if one != spec.owner:
            yield (
                f"its ledger says that it belongs to the stack {one}; destroy that stack first, or take another server"
            )
    own = f"{spec.connection.name}/machine"
    for entry in moment.entries:
        if entry.endswith("/machine") and entry != own and moment.owners == (spec.owner,):
            name = entry.removesuffix("/machine")
            yield f"it is this stack's server {name!r} already; it is listed twice: take one out"


def system(platform: Platform) -> Iterator[str]:
    oldest = OLDEST.get(platform.distribution)
    if oldest is None or numbers(platform.version) < oldest:
        known = ", ".join(
            f"{name} {'.'.join(f'{n:02}' if i else str(n) for i, n in enumerate(v))}" for name, v in OLDEST.items()
        )
        yield (
            f"it runs {platform.distribution} {platform.version}".rstrip() + f", supported are {known} and later; "
            "install one of these there"
        )
    if numbers(platform.kernel)[:2] < KERNEL:
        yield f"its kernel is {platform.kernel}, 5.13 or later is needed (kube-proxy with nftables); upgrade it"
    if platform.systemd == 0:
        yield "its first process is not systemd, which everything of ours is a unit of; take another server"
    elif platform.systemd < SYSTEMD:
        yield f"its systemd is version {platform.systemd}, {SYSTEMD} or later is needed; upgrade it"
    if platform.nft and numbers(platform.nft) < NFT:
        yield f"its nft is version {platform.nft}, 1.0.1 or later is needed; upgrade nftables"
    if platform.selinux:
        yield "SELinux enforces there, and our programs have no labels; `setenforce 0`, or take another server"
    missing = [program for program in PROGRAMS if program not in platform.programs]
    if missing:
        tool = "apt-get" if "apt-get" in platform.programs else "dnf"
        packages = " ".join(PROGRAMS[one][tool == "dnf"] for one in missing)
        yield f"it lacks {', '.join(missing)}; `{tool} install {packages}` there"


def disks(spec: MachineKindSpec, moment: Moment) -> Iterator[str]:
    needed: Mapping[str, int] = {"/var/lib": spec.minimum_disk_mib, "/opt": spec.minimum_programs_mib}
    for path, least in needed.items():
        free = moment.disks[path].free
        if free < least:
            yield f"{free} MiB are free below {path}, at least {least} are needed; make room there"


def strangers(moment: Moment) -> Iterator[str]:
    if moment.kubernetes:
        yield (
            f"another Kubernetes is there: {', '.join(moment.kubernetes)}; "
            "take it off (`kubeadm reset`, k3s-uninstall.sh, …; then remove these files), or take another server"
        )
    if moment.runtimes:
        units = " ".join(one.removesuffix(" (enabled)") for one in moment.runtimes if one.endswith(" (enabled)"))
        yield (
            f"a container runtime of somebody else is there: {', '.join(moment.runtimes)}; "
            f"`systemctl disable --now {units or 'docker.socket docker containerd'}`, or take another server"
        )


def ports(spec: MachineKindSpec, moment: Moment) -> Iterator[str]:
    taken = sorted(set(spec.ports).intersection(moment.listening))
    if taken:
        told = ", ".join(f"{port}{f' ({held})' if (held := moment.listening[port]) else ''}" for port in taken)
        yield f"ports that a node needs are in use: {told}; stop what holds them"


def doubts(machine: MachineFacts, platform: Platform, moment: Moment) -> Iterator[str]:
    """What the user should know though the machine can be used."""
    if moment.swap:
        total = ", ".join(f"{name}, {size} MiB" for name, size in moment.swap.items())
        pods = "pods are given none of it" if machine.cgroup_version == 2 else "cgroup v1 cannot keep pods out of it"
        # The kernel's tmpfs took the option noswap in 6.4; the kubelet uses it where it can.
        secrets = "" if numbers(platform.kernel)[:2] >= (6, 4) else ", and Secrets that pods mount may be written to it"
        yield (
            f"swap is on ({total}) and stays as it is: the kubelet runs with failSwapOn: false; {pods}{secrets}. "
            "If that matters, `swapoff -a` and take it out of /etc/fstab"
        )
    for path, disk in moment.disks.items():
        if path == "/var/lib" and disk.free < FULL * disk.size:
            yield (
                f"{disk.free} of {disk.size} MiB are free below {path}: less than {FULL:.0%}, where the kubelet "
                "begins to remove images and pods; make room there"
            )


def numbers(text: str) -> tuple[int, ...]:
    """The leading numbers of a version: `22.04` and `5.15.0-91-generic` as (22, 4) and (5, 15, 0)."""
    found = re.match(r"\d+(?:\.\d+)*", text)
    return tuple(int(part) for part in found.group().split(".")) if found else ()


def duration(seconds: float) -> str:
    """In the largest unit that leaves something: `59 s`, `61 min`, `26 h`, `9 days`."""
    for length, unit in ((172800, 86400), (7200, 3600), (120, 60)):
        if seconds >= length:
            return f"{seconds / unit:.0f} {({86400: 'days', 3600: 'h', 60: 'min'})[unit]}"
    return f"{seconds:.0f} s"


def refusal(name: str, where: str, reasons: Iterable[str]) -> str:
    """One error for all reasons, each on a line of its own where there are several."""
    found = list(reasons)
    told = f" {found[0]}" if len(found) == 1 else "".join(f"\n  - {one}" for one in found)
    return f"preparing {name} ({where}): it cannot be used, and nothing was changed there:{told}"
