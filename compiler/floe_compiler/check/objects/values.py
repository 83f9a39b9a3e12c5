"""Values of Kubernetes' own kinds that fit their schema, but that the API server refuses all the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache

from floe_compiler.check.index import Index
from floe_compiler.check.objects.kubernetes.constraints import Constraint, one_of, words
from floe_compiler.check.objects.kubernetes.enumerations import enumerations
from floe_compiler.check.objects.kubernetes.life_cycles import Version, parse_version
from floe_compiler.check.objects.kubernetes.types import CONSTRAINTS
from floe_compiler.model.data_paths import show_place
from floe_compiler.model.diagnostics import Diagnostic, Rule

REFUSED = Rule(
    "C167",
    "value that the API server refuses",
    "The value has the right type, but Kubernetes' own validation refuses it: a number out of range, a word that is "
    "not one of the allowed ones, two fields that exclude each other, or one that needs another. Correct it.",
)
RULES = (REFUSED,)

_SERVICE = "io.k8s.api.core.v1.ServiceSpec"
# Words that came one after the other, the newest first, by the type and field. Source: the gate
# PreferSameTrafficDistribution (pkg/features/kube_features.go), without which only the first word is known.
_WORDS: Mapping[tuple[str, str], tuple[tuple[Version, tuple[str, ...]], ...]] = {
    (_SERVICE, "trafficDistribution"): (
        ((1, 34), ("PreferClose", "PreferSameNode", "PreferSameZone")),
        ((1, 0), ("PreferClose",)),
    ),
}


def check(index: Index) -> Iterator[Diagnostic]:
    """Yield the values that Kubernetes' own validation refuses."""
    version = parse_version(index.rendered.kubernetes_version)
    if version > parse_version(enumerations().version):
        return  # later versions may allow more
    constraints = _constraints(version)
    for identity, path, value, type_, _ in index.typed_values:
        for constraint in constraints.get(type_, ()):
            for breach in constraint(value):
                # What is missing may be what is misspelt, or null.
                if breach.lacks and (identity in index.shapes.violations or identity in index.shapes.nulls):
                    continue
                place = show_place((*path, *breach.path), index.objects[identity])
                yield index.finding(REFUSED, identity, f"{place} {breach.message}", breach.hint)


@cache
def _constraints(version: Version) -> Mapping[str, tuple[Constraint, ...]]:
    """Return the constraints of each type in a version, with those of the enumerations."""
    by_name = dict(CONSTRAINTS)
    for name, fields in enumerations().known_in(version).items():
        by_name[name] = (*by_name.get(name, ()), words(fields))
    for (name, field), releases in _WORDS.items():
        allowed = next(allowed for since, allowed in releases if version >= since)
        by_name[name] = (*by_name.get(name, ()), one_of(allowed, field))
    return by_name
