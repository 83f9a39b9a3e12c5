"""Objects must match the schema of their kind."""

from __future__ import annotations

from collections.abc import Iterator

from floe_compiler.check.index import Index
from floe_compiler.check.objects.custom_resources.definitions import unevaluated_rules, unreadable_patterns
from floe_compiler.check.objects.custom_resources.published import REMOVED
from floe_compiler.check.objects.placement import of_unknown_scope
from floe_compiler.model.annotations import FILE
from floe_compiler.model.data_paths import show_place
from floe_compiler.model.diagnostics import ENVIRONMENT_END, Diagnostic, Rule
from floe_compiler.model.document import show_path
from floe_compiler.model.kubernetes_schemas import known_versions, kubernetes_schemas
from floe_compiler.model.objects import Object, identify
from floe_compiler.model.rendered import DELIVERY_UNIT, VERSION
from floe_compiler.model.span import Span
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
    "This custom resource has no known schema, so mistakes in it would go unnoticed. Put its CustomResourceDefinition "
    "into `crds/`, which is read and not rendered; or accept the warning with the annotation "
    "`floe.dev/accept-C002: <reason>`.",
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
NOT_EVALUATED = Rule(
    "C019",
    "rule that is not evaluated",
    "A CustomResourceDefinition has a rule in CEL with a function or syntax that is not known here, or about changes. "
    "Objects are held against it only by the API server. If that will do, accept the warning.",
    "warning",
)
RULES = (MISFIT, UNKNOWN, NO_SCHEMAS, NOT_CHECKED, NOT_EVALUATED)

_HINT = (
    "put its CustomResourceDefinition into crds/, which is read and not rendered; or accept the warning with the"
    ' annotation "floe.dev/accept-C002: <reason>"'
)


_BY_SERVER = "only the API server checks it: apply the objects with --dry-run=server before you merge"


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
            yield index.finding(MISFIT, identity, "the object needs apiVersion and kind", "add both")
        # `api_versions` reports unknown kinds of Kubernetes' own groups, and removed ones.
        # `namespaces` reports those whose scope is unknown, too: the same definition mends both.
        elif (
            not index.kubernetes.owns(identity.group)
            and (manifest["apiVersion"], identity.kind) not in REMOVED
            and not of_unknown_scope(index, identity)
        ):
            message = f"{manifest['apiVersion']} {identity.kind} has no known schema"
            yield index.finding(UNKNOWN, identity, message, _HINT)
    yield from _definitions(index)


def _definitions(index: Index) -> Iterator[Diagnostic]:
    """Yield the parts of the definitions that cannot be checked here."""
    for identity, manifest in index.of("apiextensions.k8s.io", DEFINITION):
        for rule, message in _unchecked(manifest):
            yield index.finding(rule, identity, message, _BY_SERVER)
    if index.rendered.namespace == DELIVERY_UNIT:  # others install these, so no other unit has them
        for definition in index.schemas.installed:
            file = Span(definition["metadata"]["annotations"][FILE])
            subject = f"{index.rendered.environment}{ENVIRONMENT_END}{identify(definition)}"
            for rule, message in _unchecked(definition):
                yield Diagnostic(rule, message, file, subject, _BY_SERVER)


def _unchecked(definition: Object) -> Iterator[tuple[Rule, str]]:
    """Yield the parts of a definition that cannot be checked here: all patterns at once, and all rules."""
    if unreadable := dict(unreadable_patterns(definition)):
        path, pattern = next(iter(unreadable.items()))
        more = f", and {len(unreadable) - 1} more of its patterns," if len(unreadable) > 1 else ""
        yield NOT_CHECKED, f"the pattern {pattern[:60]} of {show_path(path)}{more} cannot be checked"
    if rules := dict.fromkeys(unevaluated_rules(definition)):
        path, expression = next(iter(rules))
        more = f", and {len(rules) - 1} more of its rules," if len(rules) > 1 else ""
        yield (
            NOT_EVALUATED,
            f"the rule {expression[:80]} of {show_path(path) or 'the object'}{more} cannot be evaluated",
        )
