"""`HostSettings`: the kernel modules, sysctls and names that Kubernetes' documentation asks of every node."""

from __future__ import annotations

from bareplane.specs import HostSettingsSpec
from bareplane_provider.facts import MachineFacts
from bareplane_provider.kinds.items import Item, directory, file, line, module, sysctl, target
from bareplane_provider.kinds.phase import Phase
from bareplane_provider.paths import KUBERNETES, PREFIX

MODULES = ("overlay", "br_netfilter")
NETWORK = {
    "net.ipv4.ip_forward": "1",
    "net.bridge.bridge-nf-call-iptables": "1",
}
# The kubelet insists on these and would set them itself without a trace; set here, they are in the ledger and go back.
# A machine that shares its kernel cannot set them: its host has to, and the agent's error says so.
KERNEL = {
    "kernel.keys.root_maxbytes": "25000000",
    "kernel.keys.root_maxkeys": "1000000",
    "kernel.panic": "10",
    "kernel.panic_on_oops": "1",
    "vm.overcommit_memory": "1",
    "vm.panic_on_oom": "0",
}


class HostSettings(Phase[HostSettingsSpec]):
    name = "HostSettings"
    spec = HostSettingsSpec
    slug = "host-settings"

    def items(self, spec: HostSettingsSpec, machine: MachineFacts) -> list[Item]:
        # Without an endpoint the machine becomes no node, and has no kubelet.
        settings = {**NETWORK, **(KERNEL if spec.endpoint else {})}
        text = "".join(f"{key} = {value}\n" for key, value in settings.items())
        return [
            # The kubelet's unit asks for it, as kubeadm's does; noted here, it is taken down again if we brought it up.
            target("network-online.target"),
            directory(PREFIX, tree=True),
            directory(KUBERNETES, tree=True),
            *(module(name) for name in MODULES),
            file("/etc/modules-load.d/bareplane.conf", "".join(f"{name}\n" for name in MODULES)),
            file("/etc/sysctl.d/90-bareplane.conf", text),
            *(sysctl(key, value) for key, value in settings.items()),
            *(line("/etc/hosts", f"{address} {spec.endpoint}") for address in spec.endpoint_addresses),
        ]
