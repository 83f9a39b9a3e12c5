"""Objects must match the schema of their kind."""

from __future__ import annotations

from collections.abc import Iterator

from floe_compiler.check.index import Index
from floe_compiler.check.objects.custom_resources.definitions import unreadable_patterns
from floe_compiler.check.objects.custom_resources.published import REMOVED
from floe_compiler.model.data_paths import show_place
from floe_compiler.model.diagnostics import Diagnostic, Rule
from floe_compiler.model.document import show_path
from floe_compiler.model.kubernetes_schemas import known_versions, kubernetes_schemas
from floe_compiler.model.rendered import DELIVERY_UNIT, VERSION
from floe_compiler.model.unit_facts import DEFINITION

MISFIT = Rule(
    "C001",
    "object that does not match its schema",
    "The API server of the environment's Kubernetes version would refuse the object, or drop an unknown key. "
    "Correct the key or value.",
)
UNKNOWN = Rule(
    "C002",
    "kind without a schema",
    "This custom resource has no known schema, so mistakes in it would go unnoticed. "
    "Add its CustomResourceDefinition to the environment, so that it can be checked.",
    "warning",
)
NO_SCHEMAS = Rule(
    "C003",
    "Kubernetes version without schemas",
    "There are no schemas for this Kubernetes version, so objects cannot be checked. Choose another version.",
)
NOT_CHECKED = Rule(
    "C007",
    "pattern that is not checked",
    "A CustomResourceDefinition has a pattern that only Go can read, so values of this field are not held against it "
    "here, but only by the API server. To have them checked, write it without what only Go has, such as \\pL.",
    "warning",
)
RULES = (MISFIT, UNKNOWN, NO_SCHEMAS, NOT_CHECKED)


def check(index: Index) -> Iterator[Diagnostic]:
    """Yield violations of schemas, and objects without a schema."""
    # The version is the same for all units, but only the delivery unit knows its location.
    is_delivery = index.rendered.namespace == DELIVERY_UNIT
    if is_delivery and kubernetes_schemas(index.rendered.kubernetes_version) is None:
        hint = f"known: {', '.join(known_versions())}"
        yield index.finding(NO_SCHEMAS, VERSION, f"no schemas for Kubernetes {index.rendered.kubernetes_version}", hint)
    for identity, violations in index.shapes.violations.items():
        manifest = index.objects[identity]
        for violation in violations:
            place = show_place(violation.path, manifest)
            message = f"{place} {violation.message}" if place else f"the object {violation.message}"
            yield index.finding(MISFIT, identity, message, violation.hint)
    for identity in sorted(index.shapes.unknown):
        manifest = index.objects[identity]
        if not manifest.get("apiVersion") or not identity.kind:
            yield index.finding(MISFIT, identity, "the object needs apiVersion and kind")
        # `api_versions` reports unknown kinds of Kubernetes' own groups, and removed ones.
        elif not index.kubernetes.owns(identity.group) and (manifest["apiVersion"], identity.kind) not in REMOVED:
            yield index.finding(UNKNOWN, identity, f"{manifest['apiVersion']} {identity.kind} has no known schema")
    for identity, manifest in index.of("apiextensions.k8s.io", DEFINITION):
        if unreadable := dict(unreadable_patterns(manifest)):
            path, pattern = next(iter(unreadable.items()))
            more = f", and {len(unreadable) - 1} more of its patterns," if len(unreadable) > 1 else ""
            message = f"the pattern {pattern[:60]} of {show_path(path)}{more} cannot be checked"
            yield index.finding(NOT_CHECKED, identity, message)
