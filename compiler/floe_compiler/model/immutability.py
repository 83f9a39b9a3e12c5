"""The immutable fields of each built-in kind of object."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from floe_compiler.model.annotations import HOOK, HOOK_DELETION
from floe_compiler.model.nested_fields import at, mapping, mappings
from floe_compiler.model.quantities import parse_quantity

Fields = tuple[str, ...]

# What a PersistentVolume may be made of: PersistentVolumeSource in k8s.io/api/core/v1.
_VOLUME_SOURCES = (
    "awsElasticBlockStore",
    "azureDisk",
    "azureFile",
    "cephfs",
    "cinder",
    "csi",
    "fc",
    "flexVolume",
    "flocker",
    "gcePersistentDisk",
    "glusterfs",
    "hostPath",
    "iscsi",
    "local",
    "nfs",
    "photonPersistentDisk",
    "portworxVolume",
    "quobyte",
    "rbd",
    "scaleIO",
    "storageos",
    "vsphereVolume",
)

# What groups of pods are scheduled by: PodGroupSpec and CompositePodGroupSpec in k8s.io/api/scheduling.
_POD_GROUP = (
    "parentCompositePodGroupName",
    "workloadRef",
    "schedulingConstraints",
    "disruptionMode",
    "priorityClassName",
    "priority",
    "preemptionPolicy",
)

NODE_AFFINITY = ("spec", "nodeAffinity")
"""That of a PersistentVolume may be set once (the gate MutablePVNodeAffinity is off by default)."""

# From the validation of each kind in Kubernetes 1.37 (k8s.io/kubernetes, pkg/apis/*/validation; the tag +k8s:immutable
# in k8s.io/api). The API server refuses to update these fields, so the delivery of the object fails.
IMMUTABLE: Mapping[str, tuple[Fields, ...]] = {
    "CertificateSigningRequest": (("spec",),),
    "ClusterRoleBinding": (("roleRef",),),
    "ClusterTrustBundle": (("spec", "signerName"),),
    "CompositePodGroup": tuple(("spec", field) for field in _POD_GROUP),
    "ControllerRevision": (("data",),),
    "CSIDriver": (("spec", "attachRequired"), ("spec", "volumeLifecycleModes")),
    "CSIStorageCapacity": (("storageClassName",), ("nodeTopology",)),
    "CustomResourceDefinition": (
        ("spec", "group"),
        ("spec", "scope"),
        ("spec", "names", "kind"),
        ("spec", "names", "plural"),
    ),
    "DaemonSet": (("spec", "selector"),),
    "Deployment": (("spec", "selector"),),
    "EndpointSlice": (("addressType",),),
    "IngressClass": (("spec", "controller"),),
    "IPAddress": (("spec", "parentRef"),),
    "Job": (
        ("spec", "template"),
        ("spec", "selector"),
        ("spec", "completions"),
        ("spec", "completionMode"),
        ("spec", "podFailurePolicy"),
        ("spec", "successPolicy"),
        ("spec", "backoffLimitPerIndex"),
        ("spec", "managedBy"),
    ),
    "LeaseCandidate": (("spec", "leaseName"),),
    "PersistentVolume": (("spec", "volumeMode"), NODE_AFFINITY, *(("spec", source) for source in _VOLUME_SOURCES)),
    "PersistentVolumeClaim": (
        ("spec", "storageClassName"),
        ("spec", "accessModes"),
        ("spec", "volumeMode"),
        ("spec", "selector"),
        ("spec", "volumeName"),
        ("spec", "resources", "limits"),
        ("spec", "dataSource"),
        ("spec", "dataSourceRef"),
    ),
    "PodCertificateRequest": (("spec",),),
    "PodGroup": (*(("spec", field) for field in _POD_GROUP), ("spec", "resourceClaims")),
    "PriorityClass": (("value",), ("preemptionPolicy",)),
    "ReplicaSet": (("spec", "selector"),),
    "ResourceClaim": (("spec",),),
    "ResourceClaimTemplate": (("spec",),),
    "ResourceQuota": (("spec", "scopes"),),
    "ResourceSlice": (("spec", "driver"), ("spec", "nodeName"), ("spec", "pool", "name")),
    "RoleBinding": (("roleRef",),),
    "RuntimeClass": (("handler",),),
    "Secret": (("type",),),
    "Service": (
        ("spec", "clusterIP"),
        ("spec", "clusterIPs"),
        ("spec", "ipFamilies"),
        ("spec", "healthCheckNodePort"),
        ("spec", "loadBalancerClass"),
    ),
    "ServiceCIDR": (("spec", "cidrs"),),
    "StatefulSet": (
        ("spec", "selector"),
        ("spec", "serviceName"),
        ("spec", "volumeClaimTemplates"),
        ("spec", "podManagementPolicy"),
    ),
    "StorageVersionMigration": (("spec",),),
    "StorageClass": (("provisioner",), ("parameters",), ("reclaimPolicy",), ("volumeBindingMode",)),
    "VolumeAttachment": (("spec",),),
    "VolumeAttributesClass": (("driverName",), ("parameters",)),
    "Workload": (("spec", "controllerRef"),),
}
_ONLY_FIRST = frozenset({("Service", ("spec", "ipFamilies")), ("ServiceCIDR", ("spec", "cidrs"))})
"""Lists of which only the first item is fixed: a second one may be added."""

CLUSTER_IPS: Mapping[Fields, Any] = {("spec", "clusterIP"): "None", ("spec", "clusterIPs"): ["None"]}
"""The addresses of a headless Service: one that has some already cannot become headless."""

SIZE = ("spec", "resources", "requests", "storage")
"""The size of a PersistentVolumeClaim, which can grow."""

COMPLETIONS = ("spec", "completions")
POD = "Pod"
FROZEN: Mapping[str, tuple[Fields, ...]] = {
    "ConfigMap": (("immutable",), ("data",), ("binaryData",)),
    "Secret": (("immutable",), ("data",), ("stringData",)),
}
"""The fields of an object that says `immutable: true`."""

KINDS = frozenset({*IMMUTABLE, *FROZEN, POD})
"""The kinds with immutable fields."""

# A field that is left out has the default.
_DEFAULTS: Mapping[tuple[str, Fields], Any] = {
    ("CSIDriver", ("spec", "attachRequired")): True,
    ("Job", ("spec", "completionMode")): "NonIndexed",
    ("PersistentVolume", ("spec", "volumeMode")): "Filesystem",
    ("PersistentVolumeClaim", ("spec", "volumeMode")): "Filesystem",
    ("PriorityClass", ("preemptionPolicy",)): "PreemptLowerPriority",
    ("Secret", ("type",)): "Opaque",
    ("StatefulSet", ("spec", "podManagementPolicy")): "OrderedReady",
    ("StorageClass", ("reclaimPolicy",)): "Delete",
    ("StorageClass", ("volumeBindingMode",)): "Immediate",
}
# What the cluster fills in where it is left out.
_FILLED_IN = frozenset({"Service", "PersistentVolumeClaim"})
_MUTABLE_IN_PODS = ("activeDeadlineSeconds", "schedulingGates", "terminationGracePeriodSeconds", "tolerations")
_CONTAINERS = ("containers", "initContainers", "ephemeralContainers")


def immutable_changes(before: Any, after: Any) -> list[str]:
    """Return the immutable fields (`spec.volumeClaimTemplates`) that differ between `before` and `after`.

    Both may be any data; the result is empty unless they are two manifests of one built-in kind.
    """
    kind = at(after, ("kind",))
    if not isinstance(kind, str) or kind != at(before, ("kind",)) or not _is_built_in(after) or _is_recreated(after):
        return []
    if kind == POD:
        return ["spec"] if _fixed(before) != _fixed(after) else []
    changed = [".".join(fields) for fields in _fields(kind, before) if _differs(kind, fields, before, after)]
    return [*changed, ".".join(SIZE)] if kind == "PersistentVolumeClaim" and _shrinks(before, after) else changed


def _is_recreated(manifest: Any) -> bool:
    """Return whether Argo CD deletes the object before each sync creates it: a hook, by default."""
    annotations = mapping(manifest, ("metadata", "annotations"))
    return HOOK in annotations and "BeforeHookCreation" in str(annotations.get(HOOK_DELETION, "BeforeHookCreation"))


def _is_built_in(manifest: Any) -> bool:
    """Return whether an object is of Kubernetes itself: other API groups have kinds of the same name, too."""
    group, slash, _ = str(at(manifest, ("apiVersion",))).partition("/")
    return not slash or "." not in group or group.endswith(".k8s.io")


def _fields(kind: str, before: Any) -> Iterator[Fields]:
    yield from IMMUTABLE.get(kind, ())
    if at(before, ("immutable",)) is True:
        yield from FROZEN.get(kind, ())


def _differs(kind: str, fields: Fields, before: Any, after: Any) -> bool:
    default = _DEFAULTS.get((kind, fields))
    old, new = (default if value is None else value for value in (at(before, fields), at(after, fields)))
    if (kind, fields) in _ONLY_FIRST:
        old, new = (value[:1] if isinstance(value, list) else value for value in (old, new))
    if fields == COMPLETIONS and at(after, ("spec", "completionMode")) == "Indexed":
        return False  # which may change together with `parallelism`
    if fields == NODE_AFFINITY and old is None:
        return False
    if new is not None and new == CLUSTER_IPS.get(fields):
        return bool(old != new and at(before, ("spec", "type")) != "ExternalName")
    filled_in = kind in _FILLED_IN and None in (old, new)
    return bool(old != new and not filled_in)


def _shrinks(before: Any, after: Any) -> bool:
    try:
        old, new = (parse_quantity(str(at(manifest, SIZE))) for manifest in (before, after))
    except ValueError:
        return False
    return new < old


def _fixed(manifest: Any) -> Any:
    """Return the specification of a Pod without what may be changed: images, and a few other fields."""
    spec = {key: value for key, value in mapping(manifest, ("spec",)).items() if key not in _MUTABLE_IN_PODS}
    for field in _CONTAINERS:
        spec[field] = [{**container, "image": ""} for container in mappings(spec, (field,))]
    return spec
