"""`VolumeDirectory`: where a node's volumes stand. Others than root come to theirs through the pods that mount them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from bareplane.specs import VolumeDirectorySpec
from bareplane_provider.facts import MachineFacts
from bareplane_provider.kinds.items import Item, directory
from bareplane_provider.kinds.phase import Phase


class VolumeDirectory(Phase[VolumeDirectorySpec]):
    name = "VolumeDirectory"
    spec = VolumeDirectorySpec
    slug = "volumes"
    refused: ClassVar[Mapping[str, str]] = {
        "path": "the volumes of the cluster stand there, and would be deleted with it; where they may, take the "
        "storage out of the configuration first, and give it another path with the next run"
    }

    def items(self, spec: VolumeDirectorySpec, machine: MachineFacts) -> list[Item]:
        return [directory(spec.path, "0700", tree=True)]
