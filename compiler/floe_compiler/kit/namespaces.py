"""A namespace: its pod security and default limits."""

from __future__ import annotations

from floe_compiler.kit import delivery, labels, service_mesh
from floe_compiler.kit.meta import manifest
from floe_compiler.model.objects import Object
from floe_compiler.model.plan import NODES
from floe_compiler.model.settings import Settings


def namespace(settings: Settings, name: str, scope: str, owner: str) -> Object:
    """Return the Namespace, which enforces the restricted pod security standard, except for access to the nodes."""
    level = "privileged" if scope == NODES else "restricted"
    security = {f"pod-security.kubernetes.io/{mode}": level for mode in ("enforce", "audit", "warn")}
    version = {"pod-security.kubernetes.io/enforce-version": f"v{settings.cluster.kubernetes_version}"}
    own_labels = {labels.SCOPE: scope, "floe.dev/environment": settings.environment.name}
    own_labels |= service_mesh.namespace_labels(settings)
    annotations = {labels.OWNER: owner, **delivery.guarded(settings), **service_mesh.namespace_annotations(settings)}
    return manifest(
        "v1",
        "Namespace",
        name,
        labels.common_labels(settings, "namespace") | own_labels | security | version,
        annotations,
    )


def limits(settings: Settings) -> Object:
    """Return the default requests and limits, for containers that are started by hand."""
    limit = {
        "type": "Container",
        "defaultRequest": {"cpu": "100m", "memory": "128Mi"},
        "default": {"cpu": "500m", "memory": "512Mi"},
    }
    return manifest("v1", "LimitRange", "limits", labels.common_labels(settings, "namespace"), spec={"limits": [limit]})
