"""Unused ConfigMaps."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from floe_compiler.check.index import Index
from floe_compiler.model.annotations import USED_BY, annotation
from floe_compiler.model.diagnostics import Diagnostic, Rule
from floe_compiler.model.objects import Object

UNUSED = Rule(
    "C043",
    "unused ConfigMap",
    "No pod mounts the ConfigMap and no other object names it, so it has no effect. Mount it, remove it, or say what "
    'reads it in the annotation "floe.dev/used-by".',
    "warning",
)
RULES = (UNUSED,)

# Labels by which the sidecar in Grafana's chart finds its files.
_SIDECAR_LABELS = frozenset({"grafana_alert", "grafana_dashboard", "grafana_datasource"})


def check(index: Index) -> Iterator[Diagnostic]:
    """Yield the ConfigMaps that no pod mounts and no text or custom resource of the namespace names."""
    used = {
        reference.name
        for references in index.references.values()
        for reference in references
        if reference.kind == "ConfigMap"
    }
    unused = [
        identity
        for identity, manifest in index.of("", "ConfigMap")
        if identity.name not in used and not _is_declared(manifest)
    ]
    mentions = _mentions(index) if unused else ""
    for identity in unused:
        if identity.name not in mentions:
            yield index.finding(UNUSED, identity, "no pod mounts it, and no object names it", "mount it, or remove it")


def _is_declared(manifest: Object) -> bool:
    labels = manifest.get("metadata", {}).get("labels", {})
    return bool(_SIDECAR_LABELS & labels.keys() or annotation(manifest, USED_BY))


def _mentions(index: Index) -> str:
    """Return all text that may contain a ConfigMap's name: texts for programs, and custom resources."""
    texts = [text.text for text in index.texts]
    for identity, manifest in index.objects.items():
        if (str(manifest.get("apiVersion")), identity.kind) not in index.kubernetes.kinds:
            texts += _strings(manifest.get("spec"))
    return "\n".join(texts)


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)
