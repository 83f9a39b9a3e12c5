"""Labels and annotations must be valid and complete."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache

from floe_compiler.check.index import Index
from floe_compiler.check.objects.changing_labels import CHANGING_LABELS
from floe_compiler.check.references.own_selectors import own_selectors
from floe_compiler.model.data_paths import place_below
from floe_compiler.model.diagnostics import Diagnostic, Rule
from floe_compiler.model.hints import with_hint
from floe_compiler.model.names import check_label_key, check_label_value
from floe_compiler.model.objects import ObjectId

INVALID = Rule(
    "C015",
    "invalid label or annotation",
    "Kubernetes refuses this key or value. A key is an optional prefix and a name of at most 63 characters; "
    "a label value has at most 63 characters.",
)
MISSING = Rule(
    "C016",
    "recommended label missing",
    "Objects need the labels that Kubernetes recommends, by which people and tools find what belongs together. "
    "Add the missing labels.",
    "warning",
)
CHANGING = Rule(
    "C017",
    "selector on a label that changes",
    "A selector uses a label that changes with each version. Selectors of workloads are immutable, and other selectors "
    "lose their pods during a rollout. Select only by name, instance and component.",
)
RULES = (INVALID, MISSING, CHANGING)

_PREFIX = "app.kubernetes.io/"
_RECOMMENDED = ("name", "instance", "component", "part-of", "managed-by")


def check(index: Index) -> Iterator[Diagnostic]:
    """Yield invalid labels and annotations, missing recommended labels, and selectors on changing labels."""
    for identity, manifest in index.objects.items():
        metadata = manifest.get("metadata", {})
        yield from _invalid(index, identity, "metadata", metadata)
        carried = metadata.get("labels", {})
        missing = [name for name in _RECOMMENDED if _PREFIX + name not in carried]
        # Hand-written objects may have other labels, but an object with one of these labels needs them all.
        if missing and len(missing) < len(_RECOMMENDED):
            names = ", ".join(_PREFIX + name for name in missing)
            yield index.finding(MISSING, identity, f"metadata.labels lacks {names}", "add them")
    for workload in index.workloads.values():
        if workload.place:
            yield from _invalid(index, workload.id, workload.at("metadata"), workload.template.get("metadata", {}))
    for identity, place, selector in own_selectors(index):
        keys = {
            *selector.get("matchLabels", {}),
            *(expression.get("key") for expression in selector.get("matchExpressions", ())),
        }
        for key in sorted(keys & CHANGING_LABELS):
            yield index.finding(CHANGING, identity, f"{place} names {key}", "select by labels that stay the same")


def _invalid(
    index: Index, identity: ObjectId, place: str, metadata: Mapping[str, Mapping[str, str]]
) -> Iterator[Diagnostic]:
    for key, value in metadata.get("labels", {}).items():
        if problem := _problem(key) or _problem_of_value(value):
            at = place_below(f"{place}.labels", key)
            yield index.finding(INVALID, identity, *with_hint(f"{at}: {problem}"))
    for key in metadata.get("annotations", {}):
        if problem := _problem(key.lower()):  # an annotation's prefix may have upper-case letters
            at = place_below(f"{place}.annotations", key)
            yield index.finding(INVALID, identity, *with_hint(f"{at}: {problem}"))


@lru_cache(maxsize=4096)
def _problem(key: str) -> str:
    try:
        check_label_key(key)
    except ValueError as error:
        return str(error)
    return ""


@lru_cache(maxsize=4096)
def _problem_of_value(value: str) -> str:
    try:
        check_label_value(value)
    except ValueError as error:
        return str(error)
    return ""
