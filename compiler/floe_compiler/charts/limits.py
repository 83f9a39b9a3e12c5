"""What the chart of a domain may have: objects in its own namespace, of kinds that can do no harm elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from floe_compiler.model.charts import ChartLimits
from floe_compiler.model.images import registry_of
from floe_compiler.model.nested_fields import items, mapping, mappings
from floe_compiler.model.objects import Object, ObjectId
from floe_compiler.model.workloads import containers_of, pod_template

KINDS = frozenset(
    {
        ("", "ConfigMap"),
        ("", "PersistentVolumeClaim"),
        ("", "Secret"),
        ("", "Service"),
        ("", "ServiceAccount"),
        ("apps", "Deployment"),
        ("apps", "StatefulSet"),
        ("autoscaling", "HorizontalPodAutoscaler"),
        ("batch", "CronJob"),
        ("batch", "Job"),
        ("policy", "PodDisruptionBudget"),
        ("rbac.authorization.k8s.io", "Role"),
        ("rbac.authorization.k8s.io", "RoleBinding"),
    }
)
"""The allowed kinds."""

INSTEAD = {
    "HTTPRoute": "leave it out, and declare the interface under workloads",
    "Ingress": "leave it out, and declare the interface under workloads",
    "NetworkPolicy": "leave it out, and declare calls and ports under workloads",
    "PodMonitor": "leave it out, and declare the metrics under workloads",
    "ServiceMonitor": "leave it out, and declare the metrics under workloads",
}
"""What to do instead, for some kinds that are refused."""

OWN_KEYS = ("floe.dev", "argocd.argoproj.io", "kustomize.toolkit.fluxcd.io")
"""The prefixes of labels and annotations that the compiler or the delivery tool obeys."""

STRONG_VERBS = frozenset({"*", "bind", "escalate", "impersonate"})

ASK = "set the values so that the chart leaves it out, or ask the platform team"
ASK_FOR_REGISTRY = "name one of these, or ask the platform team to add the registry under `domain_policy.registries`"

Problem = tuple[str, str]
"""What is wrong, and what to do."""


def problem_of(identity: ObjectId, manifest: Object, namespace: str, limits: ChartLimits) -> Problem | None:
    """Return why the chart of a domain may not have an object, and the fix; None if it may.

    Args:
        identity: The object, with its namespace.
        manifest: The object.
        namespace: That of the domain.
        limits: What the domain may have.
    """
    return next(_problems(identity, manifest, namespace, limits), None)


def _problems(identity: ObjectId, manifest: Object, namespace: str, limits: ChartLimits) -> Iterator[Problem]:
    if (identity.group, identity.kind) not in KINDS:
        yield f"the chart of a domain may have no {identity.kind}", INSTEAD.get(identity.kind, ASK)
        return
    if identity.namespace != namespace:
        actual = identity.namespace or "no namespace"
        yield f"it is in {actual}, but the chart of a domain may only have objects in {namespace}", ASK
    metadata = [mapping(manifest, ("metadata",)), mapping(pod_template(manifest), ("metadata",))]
    for key in (key for holder in metadata for field in ("labels", "annotations") for key in mapping(holder, (field,))):
        if _is_own(key):
            yield f"the chart of a domain may not set {key}", ASK
    yield from _of_kind(identity, manifest, namespace)
    yield from _of_pods(mapping(pod_template(manifest), ("spec",)), limits)


def _is_own(key: str) -> bool:
    prefix = key.partition("/")[0] if "/" in key else ""
    return any(prefix == own or prefix.endswith(f".{own}") for own in OWN_KEYS)


def _of_kind(identity: ObjectId, manifest: Object, namespace: str) -> Iterator[Problem]:
    spec = mapping(manifest, ("spec",))
    if identity.kind == "Secret" and manifest.get("type") == "kubernetes.io/service-account-token":
        yield "a Secret of this type has the rights of an account for ever", ASK
    elif any(claim.get("volumeName") for claim in _claims(identity, manifest)):
        yield "volumeName takes a volume that may hold data of others", ASK
    elif identity.kind == "Service":
        if spec.get("type", "ClusterIP") != "ClusterIP":
            yield f"spec.type is {spec['type']}, which opens more than the namespace", "set it to ClusterIP"
        for field in ("externalIPs", "externalName"):
            if spec.get(field):
                yield f"spec.{field} leads traffic elsewhere", ASK
    yield from _of_rights(identity, manifest, namespace)


def _claims(identity: ObjectId, manifest: Object) -> Iterator[Object]:
    """Yield the specifications of volume claims in an object."""
    if identity.kind == "PersistentVolumeClaim":
        yield mapping(manifest, ("spec",))
    yield from (mapping(template, ("spec",)) for template in mappings(manifest, ("spec", "volumeClaimTemplates")))
    for volume in mappings(pod_template(manifest), ("spec", "volumes")):
        yield mapping(volume, ("ephemeral", "volumeClaimTemplate", "spec"))


def _of_rights(identity: ObjectId, manifest: Object, namespace: str) -> Iterator[Problem]:
    if identity.kind == "Role":
        for rule in mappings(manifest, ("rules",)):
            if strong := STRONG_VERBS.intersection(map(str, items(rule, ("verbs",)))):
                yield f"rules allow {', '.join(sorted(strong))}, which is more than a domain has itself", ASK
    elif identity.kind == "RoleBinding":
        role = mapping(manifest, ("roleRef",))
        if role.get("kind") != "Role":
            yield f"roleRef names the {role.get('kind')} {role.get('name')}, not a Role of the namespace", ASK
        for subject in mappings(manifest, ("subjects",)):
            if subject.get("kind") != "ServiceAccount" or subject.get("namespace", namespace) != namespace:
                who = f"{subject.get('kind')} {subject.get('name')}"
                yield f"subjects has the {who}, which is not of the namespace", ASK


def _of_pods(pod: Object, limits: ChartLimits) -> Iterator[Problem]:
    for field in ("priorityClassName", "runtimeClassName"):
        if (name := pod.get(field)) and name not in limits.classes:
            allowed = ", ".join(limits.classes) or "none"
            yield f"{field} is {name}, which a domain may not use", f"allowed: {allowed}; {ASK}"
    for toleration in mappings(pod, ("tolerations",)):
        if not any(_covers(allowed, toleration) for allowed in limits.tolerations):
            yield f"a domain may not tolerate the taint {toleration.get('key', 'of any key')}", ASK
    for field in ("nodeName", "hostNetwork", "hostPID", "hostIPC"):
        if pod.get(field):
            yield f"{field} is not for the pods of a domain", ASK
    for container in containers_of(pod):
        image = str(container.data.get("image", ""))
        if not qualified(image).startswith(limits.images):
            allowed = ", ".join(prefix.rstrip("/") for prefix in limits.images)
            hint = f"allowed: {allowed}; {ASK_FOR_REGISTRY}"
            yield f"image {image} is not from a registry that domains may use", hint
    yield from _of_volumes(mappings(pod, ("volumes",)))


def _of_volumes(volumes: Iterable[Object]) -> Iterator[Problem]:
    plain = {"configMap", "downwardAPI", "emptyDir", "ephemeral", "name", "persistentVolumeClaim", "projected"}
    for volume in volumes:
        if unusual := sorted(volume.keys() - plain - {"secret"}):
            yield f"the volume {volume.get('name')} is of {unusual[0]}, which is not for the pods of a domain", ASK


def _covers(allowed: tuple[str, str, str], toleration: Any) -> bool:
    key, value, effect = allowed
    same_value = not value or (toleration.get("operator", "Equal") == "Equal" and toleration.get("value", "") == value)
    return bool(toleration.get("key") == key and same_value and toleration.get("effect") == effect)


def qualified(image: str) -> str:
    """Return an image with its registry, as a container runtime completes it: Docker Hub is the default."""
    if registry_of(image):
        return image
    return f"docker.io/{image}" if "/" in image else f"docker.io/library/{image}"
