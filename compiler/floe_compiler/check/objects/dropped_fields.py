"""Fields that the environment's Kubernetes version knows, but drops in silence unless a feature gate is on."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from floe_compiler.check.index import Index
from floe_compiler.check.objects.data_paths import show_place
from floe_compiler.check.objects.kubernetes.gated_fields import gated_fields
from floe_compiler.check.objects.kubernetes.life_cycles import parse_version
from floe_compiler.check.objects.positions import PositionFinder, referred_type
from floe_compiler.model.diagnostics import Diagnostic, Rule
from floe_compiler.model.kubernetes_schemas import KubernetesSchemas

DROPPED = Rule(
    "C168",
    "field that Kubernetes drops",
    "The environment's Kubernetes version has this field only behind a feature gate that is off by default, and drops "
    "it in silence. Remove it; or if the gate is on in the cluster, accept the warning.",
    "warning",
)
RULES = (DROPPED,)


def check(index: Index) -> Iterator[Diagnostic]:
    """Yield the fields whose feature gate is off by default."""
    target = parse_version(index.rendered.kubernetes_version)
    for identity, manifest in index.objects.items():
        positions = _finder(index.kubernetes).of(str(manifest.get("apiVersion", "")), identity.kind)
        for path, value, schema in positions.find(manifest):
            for field, gate in gated_fields()[referred_type(schema)].items():
                if isinstance(value, dict) and field in value and not (gate.default_since or (99,)) <= target:
                    place = show_place((*path, field), manifest)
                    since = ".".join(map(str, gate.default_since)) if gate.default_since else ""
                    known = f", which is on by default since {since}" if since else ""
                    version = index.rendered.kubernetes_version
                    message = f"{place} is dropped by Kubernetes {version} without the feature gate {gate.name}{known}"
                    yield index.finding(DROPPED, identity, message)


@cache
def _finder(schemas: KubernetesSchemas) -> PositionFinder:
    return PositionFinder(schemas, lambda schema: referred_type(schema) in gated_fields())
