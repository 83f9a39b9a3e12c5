"""Certificates of servers inside the cluster (cert-manager.io/v1), for all names of their Services and pods.

Source: cert-manager 1.21, `pkg/apis/certmanager/v1/types_certificate.go`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from floe_compiler.kit import labels
from floe_compiler.kit.meta import manifest, present
from floe_compiler.kit.workloads import headless_name
from floe_compiler.model.facts import Workload
from floe_compiler.model.links import name_elsewhere
from floe_compiler.model.objects import Object
from floe_compiler.model.plan import Instance
from floe_compiler.model.trust import certificate_name, client_certificate_name


def certificates(instance: Instance[Any], declared: Workload) -> list[Object]:
    """Return the Certificate of a workload, for all names of its Services and pods, if a container has it.

    Another one is what it shows to servers in other clusters.
    """
    containers, objects = declared.pod.containers, list[Object]()
    if any(container.certificate for container in containers):
        pods = [f"*.{headless_name(declared.name)}"] if declared.kind == "StatefulSet" else []
        objects.append(certificate(instance, declared.name, (declared.name, *pods)))
    if any(container.client_certificate for container in containers):
        objects.append(_client_certificate(instance, declared.name))
    return objects


def _client_certificate(instance: Instance[Any], program: str) -> Object:
    """Return the Certificate that a program shows. Its name says in which cluster that is."""
    cluster, name = instance.settings.cluster, client_certificate_name(program)
    spec = {
        "secretName": name,
        "dnsNames": [f"{program}.{instance.namespace}.{cluster.name}"],
        "usages": ["digital signature", "key encipherment", "client auth"],
        "issuerRef": {"group": "cert-manager.io", "kind": "ClusterIssuer", "name": cluster.client_issuer},
        "privateKey": {"encoding": "PKCS8", "rotationPolicy": "Always"},
    }
    return manifest("cert-manager.io/v1", "Certificate", name, labels.selector(instance, program), spec=spec)


def certificate(
    instance: Instance[Any], server: str, services: Iterable[str], secret_labels: labels.Labels | None = None
) -> Object:
    """Return the Certificate of a server with Services of these names; its Secret gets these labels."""
    domain = instance.settings.cluster.domain
    exported = instance.settings.cluster.exported_domain
    elsewhere = instance.settings.cluster.name_elsewhere
    names = [*services, *([name_elsewhere(server, elsewhere)] if elsewhere else [])]
    endings = ["", f".{instance.namespace}", f".{instance.namespace}.svc", f".{instance.namespace}.svc.{domain}"]
    endings += [f".{instance.namespace}.svc.{exported}"] if exported else []
    spec = {
        "secretName": certificate_name(server),
        **present(secretTemplate={"labels": secret_labels} if secret_labels else {}),
        "dnsNames": [f"{service}{ending}" for service in names for ending in endings],
        "usages": ["digital signature", "key encipherment", "server auth"],
        "issuerRef": {"group": "cert-manager.io", "kind": "ClusterIssuer", "name": instance.settings.tls_issuer},
        # PKCS #8, as Java needs it; OpenSSL and Go read it, too. Each renewal gets a new key.
        "privateKey": {"encoding": "PKCS8", "rotationPolicy": "Always"},
    }
    head = labels.selector(instance, server)
    return manifest("cert-manager.io/v1", "Certificate", certificate_name(server), head, spec=spec)
