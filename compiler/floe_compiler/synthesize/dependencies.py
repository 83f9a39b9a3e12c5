"""Dependencies between the objects of a namespace: the edges of its construct tree."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from floe_compiler.model.nested_fields import mapping
from floe_compiler.model.object_memory import remembered
from floe_compiler.model.objects import Object, ObjectId, identify
from floe_compiler.model.pod_references import references_in
from floe_compiler.model.workloads import pod_template

SECRET_WRITERS = "external-secrets.io"  # noqa: S105 - an API group


def dependencies(objects: Iterable[Object], namespace: str = "") -> tuple[tuple[ObjectId, ObjectId], ...]:
    """Return pairs of objects of a chart, where the first needs the second: accounts, roles, configuration, secrets.

    Dependencies on other objects are left out.
    """
    known = {identify(manifest, namespace): manifest for manifest in objects}
    pairs = ((needy, needed) for needy, manifest in known.items() for needed in _needs(manifest, needy.namespace))
    return tuple(sorted({(needy, needed) for needy, needed in pairs if needed in known}))


@remembered
def _needs(manifest: Object, namespace: str) -> frozenset[ObjectId]:
    return frozenset(_needed(manifest, namespace))


def _needed(manifest: Object, namespace: str) -> Iterator[ObjectId]:
    for subject in manifest.get("subjects") or ():
        yield ObjectId("", subject["kind"], str(subject.get("namespace", "")), subject["name"])
    if role := manifest.get("roleRef"):
        yield ObjectId("rbac.authorization.k8s.io", role["kind"], namespace, role["name"])
    if not (pod := mapping(pod_template(manifest), ("spec",))):
        return
    if name := pod.get("serviceAccountName"):
        yield ObjectId("", "ServiceAccount", namespace, name)
    for used in references_in(manifest):
        group, kind = (SECRET_WRITERS, "ExternalSecret") if used.kind == "Secret" else ("", "ConfigMap")
        yield ObjectId(group, kind, namespace, used.name)
