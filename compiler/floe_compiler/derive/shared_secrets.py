"""Secrets of a namespace that others read; where secrets are generated in the cluster, its store hands them out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from floe_compiler.model.inputs import GeneratedSecrets
from floe_compiler.model.plan import SharedSecrets
from floe_compiler.model.secret_ways import way_of_name
from floe_compiler.model.settings import PlatformSettings
from floe_compiler.model.unit_facts import UnitFacts


def shared_secrets(units: Iterable[UnitFacts], platform: PlatformSettings | None = None) -> Mapping[str, SharedSecrets]:
    """Return, by owning namespace, the secrets that other namespaces read from there, as they are generated.

    Without the settings of the platform, all are.
    """
    secrets: dict[str, set[str]] = defaultdict(set)
    readers: dict[str, set[str]] = defaultdict(set)
    for unit in units:
        for use in unit.secrets:
            if platform and not isinstance(way_of_name(platform, unit.scope, use.secret), GeneratedSecrets):
                continue
            secrets[use.owner].add(use.secret)
            readers[use.owner].add(unit.namespace)
    return {
        owner: SharedSecrets(tuple(sorted(secrets[owner])), tuple(sorted(readers[owner]))) for owner in sorted(secrets)
    }
