"""Fields that the environment's Kubernetes version knows, but drops in silence unless a feature gate is on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache

from floe_compiler.check.index import Index
from floe_compiler.check.objects.kubernetes.gated_fields import Gate, gated_fields
from floe_compiler.check.objects.kubernetes.life_cycles import parse_version
from floe_compiler.model.data_paths import show_place
from floe_compiler.model.diagnostics import Diagnostic, Rule

DROPPED = Rule(
    "C168",
    "field that Kubernetes drops",
    "The environment's Kubernetes version has this field only behind a feature gate that is off by default, and drops "
    "it in silence. Remove it; or if the gate is on in the cluster, accept the warning.",
    "warning",
)
RULES = (DROPPED,)


@cache
def _dropped_in(version: str) -> Mapping[str, Mapping[str, Gate]]:
    """Return the fields whose gate is off by default in a version, by the name of their type."""
    release = parse_version(version)
    return {
        type_: off
        for type_, fields in gated_fields().items()
        if (
            off := {f: gate for f, gate in fields.items() if gate.default_since is None or release < gate.default_since}
        )
    }


def check(index: Index) -> Iterator[Diagnostic]:
    """Yield the fields whose feature gate is off by default."""
    version = index.rendered.kubernetes_version
    dropped = _dropped_in(version)
    for identity, path, value, type_, _ in index.typed_values:
        gates = dropped.get(type_)
        for field, gate in gates.items() if gates else ():
            if field in value:
                since = gate.default_since
                place = show_place((*path, field), index.objects[identity])
                since_default = f", which is on by default since {'.'.join(map(str, since))}" if since else ""
                message = (
                    f"{place} is dropped by Kubernetes {version} without the feature gate {gate.name}{since_default}"
                )
                hint = "remove it; or accept the warning, if the gate is on in the cluster"
                yield index.finding(DROPPED, identity, message, hint)
