"""ConfigMaps that somebody reads."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from floe_compiler.check.annotations import USED_BY, annotation
from floe_compiler.check.index import Index
from floe_compiler.check.pod_references import references
from floe_compiler.check.texts import texts
from floe_compiler.model.diagnostics import Diagnostic, Rule
from floe_compiler.model.objects import Object

UNUSED = Rule(
    "C043",
    "ConfigMap that nobody reads",
    "No pod mounts the ConfigMap and no other object names it, so what it configures does not happen. Mount it, remove "
    'it, or say who reads it: annotation "floe.dev/used-by".',
    "warning",
)

# Labels by which the sidecar of Grafana's image finds its files.
_SIDECAR_LABELS = frozenset({"grafana_alert", "grafana_dashboard", "grafana_datasource"})


def check(index: Index) -> Iterator[Diagnostic]:
    """Yield the ConfigMaps that neither a pod mounts nor any text or custom resource of their namespace names."""
    used = {
        (workload.namespace, reference.name)
        for workload in index.workloads.values()
        for reference in references(workload)
        if reference.kind == "ConfigMap"
    }
    unused = [
        (identity, manifest)
        for identity, manifest in index.of("", "ConfigMap")
        if (identity.namespace, identity.name) not in used and not _is_declared(manifest)
    ]
    mentions = _mentions(index, frozenset(identity.namespace for identity, _ in unused))
    for identity, _ in unused:
        if identity.name not in mentions[identity.namespace]:
            yield index.finding(UNUSED, identity, "no pod mounts it, and no object names it")


def _is_declared(manifest: Object) -> bool:
    labels = manifest.get("metadata", {}).get("labels", {})
    return bool(_SIDECAR_LABELS & labels.keys() or annotation(manifest, USED_BY))


def _mentions(index: Index, namespaces: frozenset[str]) -> dict[str, str]:
    """Return for each namespace all text in which a ConfigMap's name may stand: its programs' and custom resources'."""
    found: dict[str, list[str]] = defaultdict(list)
    for text in texts(index):
        if text.owner.namespace in namespaces:
            found[text.owner.namespace].append(text.text)
    for identity, manifest in index.objects.items():
        if (
            identity.namespace in namespaces
            and (str(manifest.get("apiVersion")), identity.kind) not in index.kubernetes.kinds
        ):
            found[identity.namespace].extend(_strings(manifest.get("spec")))
    return {namespace: "\n".join(found[namespace]) for namespace in namespaces}


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)
