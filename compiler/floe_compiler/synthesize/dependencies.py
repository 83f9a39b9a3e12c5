"""Which objects of a namespace need which others: the edges of its construct tree."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from floe_compiler.model.objects import Object, ObjectId, identify

SECRET_WRITERS = "external-secrets.io"  # noqa: S105 - an API group


def dependencies(objects: Iterable[Object], namespace: str = "") -> tuple[tuple[ObjectId, ObjectId], ...]:
    """Return pairs of objects of a chart of which the first needs the second: accounts, roles, configuration, secrets.

    Only objects among those given count; what somebody else provides is not waited for.
    """
    known = {identify(one, namespace): one for one in objects}
    pairs = ((needy, needed) for needy, one in known.items() for needed in _needs(needy, one))
    return tuple(sorted({(needy, needed) for needy, needed in pairs if needed in known}))


def _needs(identity: ObjectId, manifest: Object) -> Iterator[ObjectId]:
    namespace = identity.namespace
    for subject in manifest.get("subjects") or ():
        yield ObjectId("", subject["kind"], str(subject.get("namespace", "")), subject["name"])
    if role := manifest.get("roleRef"):
        yield ObjectId("rbac.authorization.k8s.io", role["kind"], namespace, role["name"])
    pod = _pod_spec(manifest)
    if name := pod.get("serviceAccountName"):
        yield ObjectId("", "ServiceAccount", namespace, name)
    for kind, name in _read(pod):
        group = SECRET_WRITERS if kind == "ExternalSecret" else ""
        yield ObjectId(group, kind, namespace, name)


def _pod_spec(manifest: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the spec of the pods that a controller makes; empty for other objects."""
    spec = manifest.get("spec") or {}
    spec = (spec.get("jobTemplate") or {}).get("spec", spec)
    found: Mapping[str, Any] = (spec.get("template") or {}).get("spec") or {}
    return found if "containers" in found else {}


def _read(pod: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the ConfigMaps and ExternalSecrets that a pod's volumes and variables read."""
    for volume in pod.get("volumes") or ():
        if "configMap" in volume:
            yield "ConfigMap", volume["configMap"]["name"]
        for source in (volume.get("projected") or {}).get("sources") or ():
            if "secret" in source:
                yield "ExternalSecret", source["secret"]["name"]
    for container in (*(pod.get("initContainers") or ()), *(pod.get("containers") or ())):
        for variable in container.get("env") or ():
            if reference := (variable.get("valueFrom") or {}).get("secretKeyRef"):
                yield "ExternalSecret", reference["name"]
