"""`Cluster`: servers become control planes and workers of one Kubernetes cluster.

The order, read from top to bottom: every server is prepared at once; the control planes (control_planes.py) up to what
the cluster needs once; the nodes; and at last each node's membership, which is the only thing that waits for Ready.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi

from bareplane.config import ClusterConfig, ConfigError
from bareplane.config.consistency import both_roles
from bareplane.control_planes import ControlPlanesArgs, control_planes
from bareplane.load_balancer import IMAGES as LOAD_BALANCER_IMAGES
from bareplane.load_balancer import address_pool, load_balancer
from bareplane.metrics import metrics_server
from bareplane.resources import (
    ClientCertificate,
    ClusterBootstrap,
    ClusterIdentity,
    ControlPlaneNode,
    EncryptionKeyRing,
    KubeProxy,
    Manifest,
    NodeMembership,
    PodNetwork,
    ServingApprover,
    StackIdentity,
    WorkerNode,
)
from bareplane.server import Server, ServerArgs
from bareplane.specs import ClusterSettings, Connection, Form
from bareplane.specs.kubeconfig import kubeconfig
from bareplane.storage import IMAGES as STORAGE_IMAGES
from bareplane.storage import provisioner, storage_class

# Users of the API server that are not kubeadm's; their roles are applied with ClusterBootstrap.
PROXY_USER, ROUTES_USER, APPROVER_USER = "system:kube-proxy", "bareplane:routes", "bareplane:serving-approver"
CONTROL_PLANE_ROLE = "node-role.kubernetes.io/control-plane"
ADMIN_USER, ADMIN_GROUP = "kubernetes-admin", "kubeadm:cluster-admins"


@dataclass(frozen=True)
class ClusterArgs:
    """The cluster's configuration and the servers it names."""

    config: ClusterConfig
    servers: Mapping[str, Connection]
    form: Form = "processes"
    """How control planes run where the configuration leaves it open."""
    network_objects: tuple[Mapping[str, Any], ...] = ()
    """The Kubernetes objects of another pod network, where the configuration says `plugin: manifests`."""


class Cluster(pulumi.ComponentResource):
    """A running cluster. Outputs `kubeconfig` (secret) and `nodes`."""

    def __init__(self, name: str, args: ClusterArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("bareplane:components:Cluster", name, {}, opts)
        self._name = name
        self._config = args.config
        self._form: Form = args.config.control_plane.form or args.form
        chosen = args.config.control_plane.nodes
        unknown = [one for one in (*chosen, *args.config.workers) if one not in args.servers]
        problems = [f"the cluster names {one!r}, which is not among its servers" for one in unknown]
        problems += both_roles(chosen, args.config.workers)
        if problems:
            raise ConfigError(problems)
        self.control_planes = tuple(args.servers[one] for one in chosen)
        self.settings = settings(args.config, [one.address for one in self.control_planes])
        self._identities()
        self.servers = {one: self._server(args, one) for one in (*chosen, *args.config.workers)}
        self.bootstrap = self._control_planes([self.servers[one] for one in chosen])
        self.network = self._network_manifests(args.network_objects)
        self.memberships = [self._node(one, server) for one, server in self.servers.items()]
        self._addons()
        self.kubeconfig = self._kubeconfig()
        self.nodes = list(self.servers)
        self.register_outputs({"kubeconfig": self.kubeconfig, "nodes": self.nodes})

    def _after(self, *needed: pulumi.Resource, parent: pulumi.Resource | None = None) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=parent or self, depends_on=list(needed))

    def _identities(self) -> None:
        name = self._name
        self.owner = StackIdentity(f"{name}-owner", opts=self._after())
        self.identity = ClusterIdentity(f"{name}-identity", cluster=self._config.name, opts=self._after())
        self._keys = EncryptionKeyRing(f"{name}-keys", names=self._config.encryption_keys, opts=self._after())

    def _certificate(self, name: str, user: str, groups: Sequence[str] = ()) -> ClientCertificate:
        return ClientCertificate(
            f"{self._name}-{name}",
            identity=self.identity,
            common_name=user,
            organizations=groups,
            opts=self._after(),
        )

    def _server(self, args: ClusterArgs, node: str) -> Server:
        config = self._config
        return Server(
            node,
            ServerArgs(
                connection=args.servers[node],
                owner=self.owner.owner,
                kubernetes_version=config.version,
                endpoint=config.endpoint,
                endpoint_addresses=self.settings.endpoint_addresses,
                api_port=config.port,
                control_plane=self._form if node in config.control_plane.nodes else None,
                engine=config.engine(node),
                images=(*config.images.preload, *addon_images(config)),
                image_source=config.images.source,
                volumes=config.storage.path if config.storage else None,
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _control_planes(self, servers: Sequence[Server]) -> ClusterBootstrap:
        self._planes = control_planes(
            self,
            ControlPlanesArgs(
                name=self._name,
                form=self._form,
                settings=self.settings,
                servers=servers,
                identity=self.identity,
                keys=self._keys,
                schedulable=self._config.control_plane.schedulable,
            ),
        )
        bootstrap = self._planes.bootstrap
        approver = self._certificate("approver", APPROVER_USER)
        for one in servers:
            ServingApprover(
                f"{one.name}-approver",
                one.place,
                cluster=self.settings,
                identity=self.identity,
                certificate=approver,
                opts=self._after(bootstrap, parent=one),
            )
        self._proxy = self._certificate("kube-proxy", PROXY_USER)
        self._routes = self._certificate("routes", ROUTES_USER) if self._config.network.plugin == "routes" else None
        return bootstrap

    def _node(self, node: str, server: Server) -> NodeMembership:
        """The kubelet, kube-proxy and pod network of one machine, and its membership in the API."""
        kubelet = self._kubelet(node, server)
        parts: list[pulumi.Resource] = [
            kubelet,
            KubeProxy(
                f"{node}-kube-proxy",
                server.place,
                cluster=self.settings,
                node=node,
                identity=self.identity,
                certificate=self._proxy,
                opts=self._after(self.bootstrap, server.binaries, parent=server),
            ),
        ]
        if self._routes is not None:
            parts.append(
                PodNetwork(
                    f"{node}-pod-network",
                    server.place,
                    cluster=self.settings,
                    node=node,
                    identity=self.identity,
                    certificate=self._routes,
                    opts=self._after(self.bootstrap, server.runtime, parent=server),
                )
            )
        if self.network is not None:
            parts.append(self.network)
        tainted = node in self._planes.kubelets and not self._config.control_plane.schedulable
        return NodeMembership(
            f"{node}-membership",
            control_planes=self.control_planes,
            node=node,
            connection=server.place.connection,
            drain_seconds=self._config.drain_seconds,
            labels={CONTROL_PLANE_ROLE: ""} if node in self._planes.kubelets else {},
            taints=[f"{CONTROL_PLANE_ROLE}:NoSchedule"] if tainted else [],
            # A whole cluster is torn down without draining anything: nothing is left to run the pods.
            opts=pulumi.ResourceOptions(parent=server, depends_on=parts, deleted_with=self.bootstrap),
        )

    def _network_manifests(self, objects: Sequence[Mapping[str, Any]]) -> Manifest | None:
        """Another pod network's own objects. Nothing is waited for: its pods are what makes nodes Ready."""
        if not objects:
            return None
        return Manifest(
            f"{self._name}-network",
            control_planes=self.control_planes,
            objects=objects,
            wait_seconds=0,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[self.bootstrap], deleted_with=self.bootstrap),
        )

    def _addons(self) -> None:
        """What runs in the cluster for everything else in it."""
        config = self._config
        if config.metrics:
            self._objects("metrics", metrics_server())
        if config.load_balancer:
            announcing = load_balancer(control_planes_announce=config.control_plane.schedulable)
            running = self._objects("load-balancer", announcing)
            # Taken away first, while the controller still runs: it takes the addresses back from the Services.
            self._objects("addresses", address_pool(config.load_balancer.addresses), running)
        if config.storage:
            volumes = [one for server in self.servers.values() for one in server.volumes]
            running = self._objects("storage", provisioner(config.storage), *volumes)
            self._objects("storage-class", [storage_class(config.storage)], running, replaced_on=["objects"])

    def _objects(
        self,
        name: str,
        objects: Sequence[Mapping[str, Any]],
        *needed: pulumi.Resource,
        replaced_on: Sequence[str] = (),
    ) -> Manifest:
        """Objects that need nodes to run on. `replaced_on`: inputs whose change has them made anew."""
        return Manifest(
            f"{self._name}-{name}",
            control_planes=self.control_planes,
            objects=objects,
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=[*self.memberships, *needed],
                deleted_with=self.bootstrap,
                replace_on_changes=list(replaced_on),
                delete_before_replace=bool(replaced_on) or None,
            ),
        )

    def _kubelet(self, node: str, server: Server) -> pulumi.Resource:
        if node in self._planes.kubelets:
            return ControlPlaneNode(
                f"{node}-node",
                server.place,
                cluster=self.settings,
                node=node,
                address=server.address,
                schedulable=self._config.control_plane.schedulable,
                engine=server.engine,
                opts=self._after(self.bootstrap, self._planes.kubelets[node], parent=server),
            )
        return WorkerNode(
            f"{node}-node",
            server.place,
            cluster=self.settings,
            node=node,
            address=server.address,
            control_planes=self.control_planes,
            identity=self.identity,
            engine=server.engine,
            opts=self._after(self.bootstrap, *server.prepared, parent=server),
        )

    def _kubeconfig(self) -> pulumi.Output[str]:
        """For the cluster's admins; the server is an address, so that it works where the endpoint's name is unknown."""
        admin = self._certificate("admin", ADMIN_USER, [ADMIN_GROUP])
        server = f"https://{self.settings.endpoint_addresses[0]}:{self.settings.port}"
        parts = pulumi.Output.all(self.identity.ca_certificate, admin.certificate, admin.key)
        made = parts.apply(lambda p: kubeconfig(self._config.name, server, p[0], ADMIN_USER, p[1], p[2]))
        return pulumi.Output.secret(made)


def addon_images(config: ClusterConfig) -> tuple[str, ...]:
    """Images of what runs in the cluster for everything else in it, by their names in the catalog."""
    return (
        *(("metrics-server",) if config.metrics else ()),
        *(LOAD_BALANCER_IMAGES if config.load_balancer else ()),
        *(STORAGE_IMAGES if config.storage else ()),
    )


def settings(config: ClusterConfig, addresses: Sequence[str]) -> ClusterSettings:
    """The part of the configuration that kubeadm writes into the cluster."""
    return ClusterSettings(
        name=config.name,
        version=config.version,
        endpoint=config.endpoint,
        endpoint_addresses=tuple(addresses),
        port=config.port,
        pod_subnet=config.network.pod_subnet,
        service_subnet=config.network.service_subnet,
        dns_domain=config.network.dns_domain,
        node_mask=config.network.node_mask,
    )
