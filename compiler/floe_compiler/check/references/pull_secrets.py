"""Image pull secrets must exist and have the right type."""

from __future__ import annotations

from collections.abc import Iterator

from floe_compiler.check.index import Index
from floe_compiler.model.annotations import is_external
from floe_compiler.model.diagnostics import Diagnostic, Rule
from floe_compiler.model.hints import missing
from floe_compiler.model.objects import Object, ObjectId

PULL_SECRET = Rule(
    "C046",
    "image pull secret of the wrong type",
    "An image pull secret must exist in the namespace and be of type kubernetes.io/dockerconfigjson, or images cannot "
    "be pulled.",
)
RULES = (PULL_SECRET,)

_DOCKER = frozenset({"kubernetes.io/dockerconfigjson", "kubernetes.io/dockercfg"})


def check(index: Index) -> Iterator[Diagnostic]:
    """Yield the pull secrets that are missing or have another type."""
    for workload in index.workloads.values():
        yield from _pull_secrets(index, workload.id, workload.manifest, workload.at("spec"), workload.pod)
    for identity, account in index.of("", "ServiceAccount"):
        yield from _pull_secrets(index, identity, account, "", account)


def _pull_secrets(
    index: Index, identity: ObjectId, manifest: Object, place: str, owner: Object
) -> Iterator[Diagnostic]:
    for reference in owner.get("imagePullSecrets", ()):
        name = reference.get("name", "")
        if is_external(manifest, "Secret", name):
            continue
        writers = index.secrets.get((identity.namespace, name))
        field = f"{place}.imagePullSecrets" if place else "imagePullSecrets"
        if writers is None:
            names = {secret for namespace, secret in index.secrets if namespace == identity.namespace}
            hint = missing("Secret", name, names)
            yield index.finding(PULL_SECRET, identity, f"{field} names Secret {name}, which does not exist", hint)
        elif writers[0].type not in _DOCKER:
            message = f"{field} names Secret {name} of type {writers[0].type}"
            yield index.finding(PULL_SECRET, identity, message, "make its type kubernetes.io/dockerconfigjson")
