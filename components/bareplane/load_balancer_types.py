"""The types that MetalLB keeps its configuration and its findings in.

Their contents are not described to the API server: MetalLB checks what it reads, and what we write into them was
checked with the configuration. It watches every one of them, those of BGP too, which nothing here makes.
"""

from __future__ import annotations

from typing import Any

GROUP = "metallb.io"
V1 = ("v1beta1",)
KINDS = {
    "BFDProfile": ("bfdprofiles", V1),
    "BGPAdvertisement": ("bgpadvertisements", V1),
    "BGPPeer": ("bgppeers", ("v1beta1", "v1beta2")),
    "Community": ("communities", V1),
    "ConfigurationState": ("configurationstates", V1),
    "IPAddressPool": ("ipaddresspools", V1),
    "L2Advertisement": ("l2advertisements", V1),
    "ServiceBGPStatus": ("servicebgpstatuses", V1),
    "ServiceL2Status": ("servicel2statuses", V1),
}
"""Plural and versions by kind; the last version is the one stored."""
ANYTHING = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}


def definitions() -> list[dict[str, Any]]:
    return [definition(kind, plural, versions) for kind, (plural, versions) in KINDS.items()]


def definition(kind: str, plural: str, versions: tuple[str, ...]) -> dict[str, Any]:
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{GROUP}"},
        "spec": {
            "group": GROUP,
            "names": {"kind": kind, "listKind": f"{kind}List", "plural": plural, "singular": kind.lower()},
            "scope": "Namespaced",
            "versions": [
                {
                    "name": version,
                    "served": True,
                    "storage": version == versions[-1],
                    "schema": ANYTHING,
                    "subresources": {"status": {}},
                }
                for version in versions
            ],
        },
    }
