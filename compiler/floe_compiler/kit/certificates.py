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
from floe_compiler.model.trust import certificate_name


def certificates(instance: Instance[Any], declared: Workload) -> list[Object]:
    """Return the Certificate of a workload, for all names of its Services and pods, if a container has it."""
    if not any(container.certificate for container in declared.pod.containers):
        return []
    pods = [f"*.{headless_name(declared.name)}"] if declared.kind == "StatefulSet" else []
    return [certificate(instance, declared.name, (declared.name, *pods))]


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
