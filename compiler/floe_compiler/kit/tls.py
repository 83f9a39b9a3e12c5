"""TLS inside the cluster: the files with the certificate of a server, which cert-manager issues and renews.

A container that declares a folder for it (`Container.certificate`) has there `tls.crt` and `tls.key`, and its workload
a Certificate for its names (`kit.certificates`). Clients trust it by the authorities of the environment (`kit.trust`).
What a program shows to servers in other clusters (`Container.client_certificate`) is another one.
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
from floe_compiler.model.trust import certificate_name, client_certificate_name

FOLDER = "/run/tls"
"""Where a server finds its certificate, unless it must be elsewhere."""

SCHEMES = {"http": "https", "redis": "rediss"}
"""What URLs of servers with TLS begin with, where that differs."""

CLIENT_FOLDER = "/run/client-tls"
"""Where a program finds the certificate that it shows to servers in other clusters."""

VOLUME, CLIENT_VOLUME = "certificate", "client-certificate"
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
    """Return the volumes with the certificates of the workload `name`, as far as a container has them."""
    certified = [container for container in containers_of(pod) if container.certificate]
    items = [{"key": key, "path": path} for container in certified for path, key in container.certificate_files]
    own = {VOLUME: {"secretName": certificate_name(name), **present(items=items)}} if certified else {}
    if any(container.client_certificate for container in containers_of(pod)):
        own[CLIENT_VOLUME] = {"secretName": client_certificate_name(name)}
    return [{"name": volume, "secret": {**source, "defaultMode": GROUP_READABLE}} for volume, source in own.items()]


def mounts(container: Container) -> list[Object]:
    """Return the mounts of the folders with the container's certificates, as far as it has any."""
    folders = {VOLUME: container.certificate, CLIENT_VOLUME: container.client_certificate}
    return [{"name": name, "mountPath": folder, "readOnly": True} for name, folder in folders.items() if folder]
