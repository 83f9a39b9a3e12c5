"""TLS inside the cluster: the files with the certificate of a server, which cert-manager issues and renews.

A container that declares a folder for it (`Container.certificate`) has there `tls.crt` and `tls.key`, and its workload
a Certificate for its names (`kit.certificates`). Clients trust it by the authorities of the environment (`kit.trust`).
When cert-manager has renewed it, the kubelet changes the files within about a minute, and the program must read them
again.

The files belong to root and to the pod's volume group, which may read them. PostgreSQL accepts a key like that
(`be-secure-common.c`), but not one that its own user and a group may read.
"""

from __future__ import annotations

from floe_compiler.model.facts import Container, Pod, containers_of
from floe_compiler.model.objects import Object
from floe_compiler.model.trust import certificate_name

FOLDER = "/run/tls"
"""Where a server finds its certificate, unless it must be elsewhere."""

VOLUME = "certificate"
GROUP_READABLE = 0o440


def volumes(name: str, pod: Pod) -> list[Object]:
    """Return the volume with the certificate of the workload `name`, if a container has it."""
    if not any(container.certificate for container in containers_of(pod)):
        return []
    return [{"name": VOLUME, "secret": {"secretName": certificate_name(name), "defaultMode": GROUP_READABLE}}]


def mounts(container: Container) -> list[Object]:
    """Return the mount of the folder with the certificate, if the container has one."""
    folder = container.certificate
    return [{"name": VOLUME, "mountPath": folder, "readOnly": True}] if folder else []
