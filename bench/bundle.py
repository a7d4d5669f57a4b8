"""What the script installs, made once beforehand: the catalog's own programs and images, packed as an admin would.

kubeadm's static pods need images of the control plane, made here from the same programs by the catalog's own writer.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import yaml

from bareplane.apps.deployment import deployment, service
from bareplane.config import AppConfig
from bareplane_provider import catalog
from bareplane_provider.catalog.oci import Contents, write_archive

ARCH = "amd64"
NODE = ("kubeadm", "kubelet", "kube-proxy", "containerd", "containerd-shim-runc-v2", "ctr", "runc")
PLUGINS = ("bridge", "host-local", "loopback", "portmap")
NODE_IMAGES = ("pause", "coredns", "hello")
STATIC_PODS = ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "etcd")


def prepare(directory: Path, version: str, app: AppConfig) -> None:
    """Writes `node.tar.zst`, `control-plane.tar.zst` (what a control plane needs besides) and `app.yaml`."""
    node, plane = directory / "node", directory / "control-plane"
    for name in (*NODE, *PLUGINS):
        _program(name, node / ("opt/cni/bin" if name in PLUGINS else "usr/local/bin"), version)
    _program("kubectl", plane / "usr/local/bin", version)
    for name in NODE_IMAGES:
        _copy(catalog.obtain_image(name, ARCH).archive, node / "opt/images" / f"{name}.tar")
    (plane / "opt/images").mkdir(parents=True)
    for name in STATIC_PODS:
        artifact = catalog.obtain(name, ARCH, version=_version_of(name, version))
        tag = f"{artifact.version}-0" if name == "etcd" else f"v{artifact.version}"
        contents = Contents(f"registry.k8s.io/{name}:{tag}", ARCH, name, "0:0")
        write_archive(contents, artifact.path.read_bytes(), plane / "opt/images" / f"{name}.tar")
    for part in (node, plane):
        packing = ["tar", "--create", "--zstd", "--owner=0", "--group=0", "--file", f"{part}.tar.zst"]
        subprocess.run([*packing, "--directory", str(part), "."], check=True)
        shutil.rmtree(part)
    (directory / "app.yaml").write_text(yaml.safe_dump_all([deployment(app), service(app)]))


def _program(name: str, folder: Path, version: str) -> None:
    _copy(catalog.obtain(name, ARCH, version=_version_of(name, version)).path, folder / name)


def _version_of(name: str, version: str) -> str | None:
    return version if catalog.read_lock().program(name).source == "kubernetes" else None


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(source, target)
