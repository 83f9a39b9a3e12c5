"""Objects that run in a cluster, or that another tool renders, in the form of compiled ones.

What a cluster adds is removed, and what means the same is written alike, so that only real differences are left.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from floe_compiler.model.nested_fields import mapping, mappings
from floe_compiler.model.objects import Object, ObjectId, identify
from floe_compiler.model.output_paths import object_path
from floe_compiler.model.quantities import parse_quantity
from floe_compiler.model.scopes import is_namespaced
from floe_compiler.report.alignment import MERGE_KEYS, by_merge_key
from floe_compiler.report.manifests import Manifests
from floe_compiler.report.secrecy import HIDDEN

OF_THE_CLUSTER = frozenset(
    {
        ("", "Endpoints"),
        ("", "Event"),
        ("coordination.k8s.io", "Lease"),
        ("discovery.k8s.io", "EndpointSlice"),
        ("events.k8s.io", "Event"),
        ("metrics.k8s.io", "PodMetrics"),
    }
)
"""Kinds that only controllers write."""

CREATED = (("ConfigMap", "kube-root-ca.crt"), ("ServiceAccount", "default"))
"""Objects that each namespace has."""

METADATA = frozenset(
    {
        *("creationTimestamp", "deletionGracePeriodSeconds", "deletionTimestamp", "finalizers", "generateName"),
        *("generation", "managedFields", "ownerReferences", "resourceVersion", "selfLink", "uid"),
    }
)
ANNOTATIONS = (
    "argocd.argoproj.io/tracking-id",
    "autoscaling.alpha.kubernetes.io/",
    "deployment.kubernetes.io/",
    "kubectl.kubernetes.io/",
    "meta.helm.sh/",
    "pv.kubernetes.io/",
    "volume.beta.kubernetes.io/",
    "volume.kubernetes.io/",
)
"""Beginnings of annotations that programs add to what they apply or control."""
LABELS = (
    "batch.kubernetes.io/",
    "controller-uid",
    "job-name",
    "kubernetes.io/metadata.name",
    "pod-template-generation",
)

OF_KIND: Mapping[str, tuple[str, ...]] = {
    "Job": ("selector",),
    "Namespace": ("finalizers",),
    "PersistentVolumeClaim": ("volumeName",),
    "Service": ("clusterIP", "clusterIPs", "healthCheckNodePort", "ipFamilies"),
}
"""Fields of `spec` that the API server fills in. `clusterIP: None` is kept, as it is written."""

ROLLING = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}}
DEFAULTS: Mapping[str, tuple[Any, ...]] = {
    "allocateLoadBalancerNodePorts": (True,),
    "apiVersion": ("v1",),
    "backoffLimit": (6,),
    "completionMode": ("NonIndexed",),
    "completions": (1,),
    "concurrencyPolicy": ("Allow",),
    "defaultMode": (420,),
    "divisor": ("0", 0),
    "dnsPolicy": ("ClusterFirst",),
    "enableServiceLinks": (True,),
    "externalTrafficPolicy": ("Cluster",),
    "failedJobsHistoryLimit": (1,),
    "failureThreshold": (3,),
    "internalTrafficPolicy": ("Cluster",),
    "imagePullPolicy": ("IfNotPresent",),
    "ipFamilyPolicy": ("SingleStack",),
    "kind": ("PersistentVolumeClaim",),
    "manualSelector": (False,),
    "minReadySeconds": (0,),
    "parallelism": (1,),
    "periodSeconds": (10,),
    "persistentVolumeClaimRetentionPolicy": ({"whenDeleted": "Retain", "whenScaled": "Retain"},),
    "podManagementPolicy": ("OrderedReady",),
    "podReplacementPolicy": ("TerminatingOrFailed",),
    "progressDeadlineSeconds": (600,),
    "protocol": ("TCP",),
    "replicas": (1,),
    "restartPolicy": ("Always",),
    "revisionHistoryLimit": (10,),
    "schedulerName": ("default-scheduler",),
    "scheme": ("HTTP",),
    "securityContext": ({},),
    "service": ("",),
    "sessionAffinity": ("None",),
    "status": ({"phase": "Pending"},),
    "strategy": (ROLLING,),
    "successThreshold": (1,),
    "successfulJobsHistoryLimit": (3,),
    "suspend": (False,),
    "terminationGracePeriodSeconds": (30,),
    "terminationMessagePath": ("/dev/termination-log",),
    "terminationMessagePolicy": ("File",),
    "timeoutSeconds": (1,),
    "type": ("ClusterIP", "Opaque", "RollingUpdate"),
    "value": ("",),
    "updateStrategy": (
        {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}},
        {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}},
    ),
    "volumeMode": ("Filesystem",),
}
"""Values that the API server fills in where a manifest says nothing (kubernetes, `pkg/apis/*/v1/defaults.go`)."""

FREE = frozenset({"annotations", "binaryData", "data", "labels", "matchLabels", "nodeSelector", "stringData"})
"""Fields whose keys are of no schema: none has a default."""

AMOUNTS = frozenset({"cpu", "ephemeral-storage", "memory", "sizeLimit", "storage"})


def foreign_objects(documents: Iterable[Any], environment: str, compiled: Mapping[ObjectId, Object]) -> Manifests:
    """Return the objects among these documents, as far as somebody wrote them, without what a cluster adds.

    An object without a namespace whose kind has one is taken for the compiled one of the same name, if there is one;
    if these are all in one namespace, so are the others without.

    Args:
        documents: Plain data; Lists count as their items.
        environment: The name of the environment.
        compiled: The compiled objects.
    """
    named: dict[tuple[str, str, str], list[ObjectId]] = {}
    for identity in compiled:
        named.setdefault((identity.group, identity.kind, identity.name), []).append(identity)
    identified = [(identify(manifest), manifest) for manifest in _objects(documents)]
    homeless = [
        identity
        for identity, _ in identified
        if not identity.namespace and is_namespaced(identity.group, identity.kind) is not False
    ]
    homes: dict[ObjectId, str] = {}
    for identity in homeless:
        same = named.get((identity.group, identity.kind, identity.name), [])
        if len(same) == 1:
            homes[identity] = same[0].namespace
    (home,) = {*homes.values()} if len({*homes.values()}) == 1 else {""}
    objects: dict[ObjectId, Object] = {}
    for written, manifest in identified:
        identity = written._replace(namespace=homes.get(written, home)) if written in homeless else written
        if not _is_created_by_cluster(identity, manifest):
            objects[identity] = as_written(identity, manifest)
    files = {
        identity: object_path(environment, identity, cluster_scoped=not identity.namespace) for identity in objects
    }
    return Manifests(objects, files)


def as_written(identity: ObjectId, manifest: Object) -> Object:
    """Return an object without what a cluster adds to it, and without values of secrets."""
    written = {key: value for key, value in manifest.items() if key not in ("status", "metadata")}
    metadata = _cleaned(mapping(manifest, ("metadata",)))
    if identity.namespace:
        metadata["namespace"] = identity.namespace
    written["metadata"] = metadata
    if template := mapping(written, ("spec", "template", "metadata")):
        own = {**written["spec"]["template"], "metadata": _cleaned(template)}
        written["spec"] = {**written["spec"], "template": own}
    if filled := OF_KIND.get(identity.kind):
        spec = mapping(written, ("spec",))
        kept = {key: value for key, value in spec.items() if key not in filled or value == "None"}
        written |= {"spec": kept} if spec else {}
    if identity.kind == "Secret":
        written = _without_values(written)
    return written


def _cleaned(metadata: Object) -> Object:
    cleaned = {key: value for key, value in metadata.items() if key not in METADATA}
    for field, beginnings in (("annotations", ANNOTATIONS), ("labels", LABELS)):
        kept = {key: value for key, value in mapping(cleaned, (field,)).items() if not key.startswith(beginnings)}
        cleaned.pop(field, None)
        cleaned |= {field: kept} if kept else {}
    return cleaned


def alike(manifest: Object, other: Object) -> tuple[Object, Object]:
    """Return two versions of an object in which what means the same is written alike, without defaults of only one."""
    first, second = _alike(manifest, other)
    # The API version does not matter: one kind may have several.
    return {**first, "apiVersion": second.get("apiVersion")}, second


def _objects(documents: Iterable[Any]) -> Iterator[Object]:
    for document in documents:
        if isinstance(document, list):
            yield from _objects(document)
        elif (
            isinstance(document, dict)
            and isinstance(document.get("items"), list)
            and str(document.get("kind")).endswith("List")
        ):
            yield from _objects(document["items"])
        elif isinstance(document, dict) and document.get("kind") and mapping(document, ("metadata",)).get("name"):
            yield document


def _is_created_by_cluster(identity: ObjectId, manifest: Object) -> bool:
    """Return whether a controller made an object."""
    is_owned = any(owner.get("controller") for owner in mappings(manifest, ("metadata", "ownerReferences")))
    of_helm = identity.kind == "Secret" and str(manifest.get("type")).startswith("helm.sh/release")
    is_token = identity.kind == "Secret" and manifest.get("type") == "kubernetes.io/service-account-token"
    by_cluster = (identity.group, identity.kind) in OF_THE_CLUSTER or (identity.kind, identity.name) in CREATED
    return is_owned or of_helm or is_token or by_cluster


def _without_values(secret: Object) -> Object:
    keys = sorted({*mapping(secret, ("data",)), *mapping(secret, ("stringData",))})
    rest = {key: value for key, value in secret.items() if key not in ("data", "stringData")}
    return {**rest, **({"data": dict.fromkeys(keys, HIDDEN)} if keys else {})}


def _alike(left: Any, right: Any, key: str = "") -> tuple[Any, Any]:
    if key in FREE:
        return left, right
    if isinstance(left, dict) and isinstance(right, dict):
        first, second = _without(left, right), _without(right, left)
        pairs = {name: _alike(first[name], second[name], name) for name in first.keys() & second.keys()}
        return (
            {name: pairs[name][0] if name in pairs else value for name, value in first.items()},
            {name: pairs[name][1] if name in pairs else value for name, value in second.items()},
        )
    if isinstance(left, list) and isinstance(right, list):
        return _alike_lists(left, right, key)
    if key in AMOUNTS and _amount(left) is not None and _amount(left) == _amount(right):
        return right, right
    return left, right


def _alike_lists(left: list[Any], right: list[Any], key: str) -> tuple[Any, Any]:
    named, also_named = (by_merge_key(side, MERGE_KEYS[key]) if key in MERGE_KEYS else None for side in (left, right))
    if named is not None and also_named is not None:
        first, second = _alike(named, also_named)
        return list(first.values()), list(second.values())
    if len(left) != len(right):
        return left, right
    pairs = [_alike(*pair) for pair in zip(left, right, strict=True)]
    return [pair[0] for pair in pairs], [pair[1] for pair in pairs]


def _without(own: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """Return a mapping without fields that the other one lacks, and that mean nothing or a default."""
    return {name: value for name, value in own.items() if name in other or not _is_filled(own, name)}


def _is_filled(own: Mapping[str, Any], name: str) -> bool:
    """Return whether a field means the same as its absence."""
    value = own[name]
    if name == "serviceAccount":
        return bool(value == own.get("serviceAccountName"))
    if name == "targetPort":
        return bool(value == own.get("port"))
    return value in (None, {}, []) or any(
        value == default and type(value) is type(default) for default in DEFAULTS.get(name, ())
    )


def _amount(value: Any) -> Any:
    try:
        return parse_quantity(str(value)).amount
    except ValueError:
        return None
