"""The immutable fields of each kind of object."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from floe_compiler.model.nested_fields import at

Fields = tuple[str, ...]

# From the validation of each kind in kubernetes/kubernetes (pkg/apis/*/validation). The API server refuses to update
# these fields, so the delivery of the object fails.
IMMUTABLE: Mapping[str, tuple[Fields, ...]] = {
    "ClusterRoleBinding": (("roleRef",),),
    "CSIDriver": (("spec", "attachRequired"),),
    "DaemonSet": (("spec", "selector"),),
    "Deployment": (("spec", "selector"),),
    "IngressClass": (("spec", "controller"),),
    "Job": (("spec", "template"), ("spec", "selector"), ("spec", "completionMode"), ("spec", "podFailurePolicy")),
    "PersistentVolumeClaim": (("spec", "storageClassName"), ("spec", "accessModes"), ("spec", "volumeMode")),
    "PriorityClass": (("value",), ("preemptionPolicy",)),
    "RoleBinding": (("roleRef",),),
    "Secret": (("type",),),
    "Service": (("spec", "clusterIP"),),
    "StatefulSet": (
        ("spec", "selector"),
        ("spec", "serviceName"),
        ("spec", "volumeClaimTemplates"),
        ("spec", "podManagementPolicy"),
    ),
    "StorageClass": (("provisioner",), ("parameters",), ("reclaimPolicy",), ("volumeBindingMode",)),
}


def immutable_changes(before: Any, after: Any) -> list[str]:
    """Return the immutable fields (`spec.volumeClaimTemplates`) that differ between `before` and `after`.

    Both may be any data; the result is empty unless they are two manifests of one kind.
    """
    kind = at(after, ("kind",))
    changed = []
    for fields in IMMUTABLE.get(kind, ()) if isinstance(kind, str) and kind == at(before, ("kind",)) else ():
        old, new = at(before, fields), at(after, fields)
        filled_in = kind == "Service" and None in (old, new)  # by the cluster, where an address is left out
        if old != new and not filled_in:
            changed.append(".".join(fields))
    return changed
