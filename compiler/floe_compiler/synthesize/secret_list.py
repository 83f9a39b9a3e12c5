"""The secrets of a namespace: where each comes from, and which pods read it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from floe_compiler.kit.secret_stores import store_path
from floe_compiler.model.facts import named_pods, pod_secrets
from floe_compiler.model.inputs import ExternalSecrets
from floe_compiler.model.listed_secrets import ListedKey, ListedSecret, Source, Value
from floe_compiler.model.plan import DeclaredUnit, UnitPlan
from floe_compiler.model.secrets import Secret, SecretKey
from floe_compiler.synthesize.unit import unit_secrets, with_ingress

IMAGES = "all pods, for their images"
ROUTES = "what users open, for its certificate"


def listed_secrets(plan: UnitPlan) -> tuple[ListedSecret, ...]:
    """Return the secrets that a namespace reads, sorted by name. Raises SecretConflict."""
    whole = with_ingress(plan)
    unit, readers = whole.unit, _readers(whole)
    return tuple(_listed(unit, secret, readers.get(secret.name, ())) for secret in unit_secrets(unit, plan.ingress))


def _readers(plan: UnitPlan) -> Mapping[str, tuple[str, ...]]:
    """Return the names of the pods that read a secret, by its name."""
    found: dict[str, set[str]] = defaultdict(set)
    for secret, reader in _uses(plan):
        found[secret].add(reader)
    return {secret: tuple(sorted(names)) for secret, names in found.items()}


def _uses(plan: UnitPlan) -> Iterator[tuple[str, str]]:
    for parts in (declared.parts for declared in plan.unit.instances):
        yield from ((secret.name, name) for name, pod in named_pods(parts) for secret in pod_secrets([pod]))
        yield from ((secret.name, pods.name) for pods in parts.operated for secret in pods.secrets)
    if pull_secret := plan.unit.settings.platform.pull_secret:
        yield pull_secret, IMAGES
    if plan.ingress and plan.ingress.tls_secret:
        yield plan.ingress.tls_secret.name, ROUTES


def _listed(unit: DeclaredUnit, secret: Secret, readers: tuple[str, ...]) -> ListedSecret:
    source = _source(unit, secret)
    path = store_path(unit.settings, secret) if source == "store" else ""
    keys = tuple(_key(key, source) for key in secret.keys)
    owner = unit.namespace if source == "existing" else secret.owner
    return ListedSecret(unit.namespace, secret.name, secret.type, source, owner, path, keys, readers)


def _source(unit: DeclaredUnit, secret: Secret) -> Source:
    if secret.existing:
        return "existing"
    if isinstance(unit.settings.platform.secrets, ExternalSecrets):
        return "store"
    return "generated" if secret.owner == unit.namespace else "shared"


def _key(key: SecretKey, source: Source) -> ListedKey:
    if key.literal and source != "existing":
        return ListedKey(key.name, "written")
    value: Value = "needed" if source in ("store", "existing") or not key.generated else "generated"
    return ListedKey(key.name, value, (key.remote or key.name) if source == "store" else "")
