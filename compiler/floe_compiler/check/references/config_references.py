"""The ConfigMaps and Secrets of pods, and their keys, must exist."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from floe_compiler.check.index import Index
from floe_compiler.model.annotations import is_external
from floe_compiler.model.diagnostics import Diagnostic, Rule
from floe_compiler.model.hints import missing, near
from floe_compiler.model.pod_references import Reference
from floe_compiler.model.workloads import Workload

MISSING = Rule(
    "C040",
    "ConfigMap or Secret not found",
    "A pod needs a ConfigMap or Secret that no object of its namespace creates, so it cannot start. Correct the name, "
    'or, if it is created outside the output, set the annotation "floe.dev/external-references: Secret/<name>".',
)
KEY = Rule(
    "C041",
    "key not found in ConfigMap or Secret",
    "A pod reads a key that its ConfigMap or Secret does not have, so it cannot start. Correct the key.",
)
CLASH = Rule(
    "C042",
    "Secret with two writers",
    "Two objects write the same Secret and would keep overwriting each other. Change the target of one of them.",
)
RULES = (MISSING, KEY, CLASH)

# Kubernetes creates this ConfigMap in each namespace.
_ROOT_CERTIFICATES = "kube-root-ca.crt"


def check(index: Index) -> Iterator[Diagnostic]:
    """Yield references to missing ConfigMaps and Secrets, or to missing keys."""
    for workload in index.workloads.values():
        for reference in index.references[workload]:
            if reference.optional or is_external(workload.manifest, reference.kind, reference.name):
                continue
            yield from _reference(index, workload, reference)
    for writers in index.secrets.values():
        if len(writers) > 1 and writers[0].writer:  # those that are written elsewhere come last
            first, *others = (secret.writer or "somebody else" for secret in writers)
            message = f"the Secret {writers[0].name} is written by {first} and by {', '.join(others)}"
            hint = "let one of them write a Secret of another name, such as by spec.target.name of an ExternalSecret"
            yield index.finding(CLASH, first, message, hint)


def _reference(index: Index, workload: Workload, reference: Reference) -> Iterator[Diagnostic]:
    keys = _keys(index, workload.namespace, reference)
    if keys is None:
        message = f"{reference.place} uses {reference.kind} {reference.name}, which does not exist"
        is_secret = reference.kind == "Secret"
        known = [name for _, name in index.secrets] if is_secret else index.names("", "ConfigMap")
        yield index.finding(MISSING, workload.id, message, missing(reference.kind, reference.name, known))
    elif reference.key and keys and reference.key not in keys:
        message = (
            f"{reference.place} reads key {reference.key} of {reference.kind} {reference.name}, which has no such key"
        )
        yield index.finding(KEY, workload.id, message, near(reference.key, keys))


def _keys(index: Index, namespace: str, reference: Reference) -> Collection[str] | None:
    """Return the keys of the ConfigMap or Secret (empty: any); None if it is missing."""
    if reference.kind == "Secret":
        writers = index.secrets.get((namespace, reference.name))
        return None if writers is None else writers[0].keys or ()
    manifest = index.get("", "ConfigMap", namespace, reference.name)
    if manifest is not None:
        return {**manifest.get("data", {}), **manifest.get("binaryData", {})}
    return () if reference.name in (_ROOT_CERTIFICATES, *index.rendered.existing_config_maps) else None
