"""The fields that a kustomization.yaml may have, and what to write instead of others.

Allowed are fields that change one object at a time and need nothing from outside the repository. Source of the field
names: kustomize's api/types/kustomization.go and component.go.
"""

from __future__ import annotations

from collections.abc import Iterable

from floe_compiler.model.diagnostics import Findings, Rule, did_you_mean, nearest
from floe_compiler.model.document import DataPath, Document, show_path
from floe_compiler.model.layout import KUSTOMIZATION_FIELDS

_NO_RENAMING = "objects get their names and namespaces from floe-compile: change them in the inputs"
_NO_GENERATORS = "write the object out as a file in resources"
_NO_SECRETS = "refer to a secret of the store, as the inputs do: no secret value is ever rendered"
_NO_HELM = "render the chart once and commit its objects as files in resources"
_NO_PLUGINS = "floe-compile runs no other programs: write a patch"

DEPRECATED = {
    "bases": 'list the folders in "resources"',
    "commonLabels": 'use "labels" with "pairs" (commonLabels also changes selectors, which a cluster refuses)',
    "imageTags": 'use "images" with "name" and "newTag"',
    "patchesJson6902": 'use "patches" with the same "target", and "path" or "patch"',
    "patchesStrategicMerge": 'use "patches" with one "path" for each file',
    "vars": "write the value out, or set it in the inputs",
}

FORBIDDEN = {
    "buildMetadata": "leave it out: `floe-compile explain` shows where an object comes from",
    "commonAnnotations": "write a patch with a target (commonAnnotations changes every pod and restarts it)",
    "configMapGenerator": _NO_GENERATORS,
    "configurations": "leave it out: it only serves fields that are not allowed here",
    "crds": "leave it out: it only serves fields that are not allowed here",
    "functions": _NO_PLUGINS,
    "generatorOptions": _NO_GENERATORS,
    "generators": _NO_GENERATORS,
    "helmCharts": _NO_HELM,
    "helmChartInflationGenerator": _NO_HELM,
    "helmGlobals": _NO_HELM,
    "inventory": "leave it out",
    "namePrefix": _NO_RENAMING,
    "nameSuffix": _NO_RENAMING,
    "namespace": _NO_RENAMING,
    "openapi": "write a JSON patch (a list of op, path, value) where the merge needs a schema",
    "replacements": "write the value out, or set it in the inputs",
    "secretGenerator": _NO_SECRETS,
    "sortOptions": "leave it out: floe-compile sorts its output",
    "transformers": _NO_PLUGINS,
    "validators": _NO_PLUGINS,
}

MALFORMED = Rule(
    "K004",
    "malformed kustomization",
    "A kustomization.yaml is one mapping of kind Kustomization (or Component, if it is listed under components)."
    " The kustomize documentation has the types of its fields. Labels are such that Kubernetes accepts them.",
)
UNKNOWN_FIELD = Rule(
    "K005",
    "unknown kustomization field",
    "kustomize has no such field. Usually it is misspelt or at the wrong level.",
)
DEPRECATED_FIELD = Rule(
    "K006",
    "deprecated kustomization field",
    "kustomize will remove the field; for now, it only warns. The hint names the replacement.",
)
FORBIDDEN_FIELD = Rule(
    "K007",
    "kustomization field not allowed",
    "base/ and overlays/ add objects and patch generated ones. Fields that rename or generate objects, run programs or"
    " inflate charts would make the output differ from the inputs, or between machines.",
)

API_VERSIONS = {
    "Kustomization": "kustomize.config.k8s.io/v1beta1",
    "Component": "kustomize.config.k8s.io/v1alpha1",
}


def check_fields(document: Document, kind: str, findings: Findings) -> bool:
    """Record errors in the top-level fields of a kustomization.yaml of that kind; return whether all are allowed.

    If not, one of them may be a misspelling of a field that seems to be missing.
    """
    before = len(findings.diagnostics)
    for name in document.data:
        span = document.key_span((name,))
        if name in DEPRECATED:
            findings.add(DEPRECATED_FIELD, f'"{name}" is deprecated', span, hint=DEPRECATED[name])
        elif name in FORBIDDEN:
            findings.add(FORBIDDEN_FIELD, f'"{name}" is not allowed here', span, hint=FORBIDDEN[name])
        elif name not in KUSTOMIZATION_FIELDS:
            # Known fields that are not allowed are reported below; hints never suggest them.
            near = nearest(name, (*KUSTOMIZATION_FIELDS, *DEPRECATED, *FORBIDDEN))
            hint = near or did_you_mean(name, KUSTOMIZATION_FIELDS)
            findings.add(UNKNOWN_FIELD, f'unknown field "{name}"', span, hint=hint)
    if len(findings.diagnostics) > before:
        return False
    # For kustomize, a file without a kind is a Kustomization.
    written = document.data.get("kind")
    if written != kind and (written is not None or kind == "Component"):
        field = {"Kustomization": "resources", "Component": "components"}.get(str(written))
        hint = f'list its folder under "{field}"' if field else f'write "kind: {kind}"'
        findings.add(MALFORMED, f"this is not a {kind}", document.span(("kind",)), hint=hint)
    elif document.data.get("apiVersion", API_VERSIONS[kind]) != API_VERSIONS[kind]:
        hint = f'write "apiVersion: {API_VERSIONS[kind]}"'
        findings.add(MALFORMED, f"a {kind} has another apiVersion", document.span(("apiVersion",)), hint=hint)
    return True


def check_keys(document: Document, path: DataPath, known: Iterable[str], findings: Findings, hint: str = "") -> bool:
    """Return whether the value at `path` is a mapping with only known keys; record errors if not.

    What else is wrong with it may follow from that: a misspelt key seems to be missing.
    """
    before = len(findings.diagnostics)
    value = value_at(document, path)
    if not isinstance(value, dict):
        findings.add(MALFORMED, f"{show_path(path)} is not a mapping", document.span(path), hint=hint)
        return False
    known = tuple(known)
    for name in value:
        if name not in known:
            span = document.key_span((*path, name))
            findings.add(UNKNOWN_FIELD, f'unknown field "{name}"', span, hint=did_you_mean(name, known))
    return len(findings.diagnostics) == before


def items(document: Document, field: str, findings: Findings) -> list[DataPath]:
    """Return the path of each item of a field that holds a list; record an error if it is not a list."""
    value = document.data.get(field)
    if value is not None and not isinstance(value, list):
        findings.add(MALFORMED, f"{field} is not a list", document.span((field,)), hint='begin each item with "- "')
        return []
    return [(field, index) for index in range(len(value or ()))]


def value_at(document: Document, path: DataPath) -> object:
    """Return the value at an existing path."""
    value = document.data
    for step in path:
        value = value[step]
    current: object = value
    return current
