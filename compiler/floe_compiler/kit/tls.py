"""TLS inside the cluster: the files with the certificate of a server, which cert-manager issues and renews.

A container that declares a folder for it (`Container.certificate`) has there `tls.crt` and `tls.key`, and its workload
a Certificate for its names (`kit.certificates`). Clients trust it by the authorities of the environment (`kit.trust`).
When cert-manager has renewed it, the kubelet changes the files within about a minute, and the program must read them
again.

The files belong to root and to the pod's volume group, which may read them. PostgreSQL accepts a key like that
(`be-secure-common.c`), but not one that its own user and a group may read.
"""

from __future__ import annotations

from msgspec.structs import replace

from floe_compiler.kit.meta import present
from floe_compiler.model.endpoint import Port
from floe_compiler.model.facts import Container, Pod, containers_of
from floe_compiler.model.objects import Object
from floe_compiler.model.settings import Settings
from floe_compiler.model.trust import certificate_name

FOLDER = "/run/tls"
"""Where a server finds its certificate, unless it must be elsewhere."""

SCHEMES = {"http": "https", "redis": "rediss"}
"""What URLs of servers with TLS begin with, where that differs."""

VOLUME = "certificate"
GROUP_READABLE = 0o440


def secured(port: Port, settings: Settings) -> Port:
    """Return the port of a server inside the cluster: with TLS, if servers have certificates."""
    if not settings.tls_issuer:
        return port
    return replace(port, scheme=SCHEMES.get(port.scheme, port.scheme), tls=True)


def certificate_folder(settings: Settings) -> str:
    """Return the folder with the certificate of a server inside the cluster; empty if servers have none."""
    return FOLDER if settings.tls_issuer else ""


def for_web(settings: Settings) -> Settings:
    """Return the settings for a server that only the ingress controller reaches: with TLS only if that verifies it."""
    return settings if settings.web_tls else replace(settings, tls_issuer="")


def volumes(name: str, pod: Pod) -> list[Object]:
    """Return the volume with the certificate of the workload `name`, if a container has it."""
    certified = [container for container in containers_of(pod) if container.certificate]
    if not certified:
        return []
    items = [{"key": key, "path": path} for container in certified for path, key in container.certificate_files]
    source = {"secretName": certificate_name(name), "defaultMode": GROUP_READABLE, **present(items=items)}
    return [{"name": VOLUME, "secret": source}]


def mounts(container: Container) -> list[Object]:
    """Return the mount of the folder with the certificate, if the container has one."""
    folder = container.certificate
    return [{"name": VOLUME, "mountPath": folder, "readOnly": True}] if folder else []
