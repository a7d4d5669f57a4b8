"""`ServingApprover`: approves kubelets' serving certificates, after checking who asks and for what."""

from __future__ import annotations

from bareplane.specs import ServingApproverSpec
from bareplane_provider.facts import MachineFacts
from bareplane_provider.kinds.daemon import daemon
from bareplane_provider.kinds.items import Item
from bareplane_provider.kinds.phase import Phase


class ServingApprover(Phase[ServingApproverSpec]):
    name = "ServingApprover"
    spec = ServingApproverSpec
    slug = "serving-approver"

    def items(self, spec: ServingApproverSpec, machine: MachineFacts) -> list[Item]:
        return daemon(
            "approver",
            "Approves kubelets' serving certificates",
            {"ca": spec.ca_certificate, "certificate": spec.certificate, "key": spec.key},
            {
                "server": f"https://{spec.cluster.endpoint}:{spec.cluster.port}",
                "serviceSubnet": spec.cluster.service_subnet,
            },
            DynamicUser="yes",
        )
