"""The secrets of a namespace: where each comes from, and which pods read it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from floe_compiler.kit.csi import place
from floe_compiler.kit.secret_stores import store_path
from floe_compiler.model.facts import named_pods, pod_secrets
from floe_compiler.model.inputs import CsiSecrets, ExternalSecrets, GeneratedSecrets, SecretsBackend
from floe_compiler.model.listed_secrets import ListedKey, ListedSecret, Source, Value
from floe_compiler.model.plan import SHARED, DeclaredUnit, UnitPlan
from floe_compiler.model.secret_ways import way_of
from floe_compiler.model.secrets import Secret, SecretKey
from floe_compiler.synthesize.unit import with_ingress
from floe_compiler.synthesize.unit_secrets import unit_secrets

IMAGES = "all pods, for their images"
ROUTES = "what users open, for its certificate"


def listed_secrets(plan: UnitPlan) -> tuple[ListedSecret, ...]:
    """Return the secrets that a namespace reads, sorted by name. Raises SecretConflict."""
    plan_with_ingress = with_ingress(plan)
    unit, readers = plan_with_ingress.unit, _readers(plan_with_ingress)
    return tuple(_listed(unit, secret, readers.get(secret.name, ())) for secret in unit_secrets(unit, plan.ingress))


def _readers(plan: UnitPlan) -> Mapping[str, tuple[str, ...]]:
    """Return the names of the pods that read a secret, by its name."""
    readers: dict[str, set[str]] = defaultdict(set)
    for secret, reader in _uses(plan):
        readers[secret].add(reader)
    return {secret: tuple(sorted(names)) for secret, names in readers.items()}


def _uses(plan: UnitPlan) -> Iterator[tuple[str, str]]:
    for parts in (declared.parts for declared in plan.unit.instances):
        yield from ((secret.name, name) for name, pod in named_pods(parts) for secret in pod_secrets([pod]))
        yield from ((secret.name, pods.name) for pods in parts.operated for secret in pods.secrets)
    if pull_secret := plan.unit.settings.platform.pull_secret:
        yield pull_secret, IMAGES
    if plan.ingress and plan.ingress.tls_secret:
        yield plan.ingress.tls_secret.name, ROUTES


def _listed(unit: DeclaredUnit, secret: Secret, readers: tuple[str, ...]) -> ListedSecret:
    way = way_of(unit.settings.platform, unit.scope, secret)
    source = _source(unit, secret, way)
    places = [_place(unit, secret, key, way) for key in secret.keys]
    path = places[0][0] if places else ""
    keys = tuple(_key(key, source, part) for key, (_, part) in zip(secret.keys, places, strict=True))
    owner = secret.owner if source in ("store", "csi", "generated", "shared") else unit.namespace
    kind = _kind(unit, source)
    folder = _folder(unit) if source in ("sops", "sealed-secrets") else ""
    return ListedSecret(unit.namespace, secret.name, secret.type, source, owner, path, keys, readers, kind, folder)


def _source(unit: DeclaredUnit, secret: Secret, way: SecretsBackend) -> Source:
    match way:
        case ExternalSecrets():
            return "store"
        case GeneratedSecrets():
            return "generated" if secret.owner == unit.namespace else "shared"
        case _:
            return way.type


def _kind(unit: DeclaredUnit, source: Source) -> str:
    """Return the kind of object that people write; empty if the compiler renders all that is needed."""
    encrypted = "SopsSecret" if unit.settings.platform.delivery == "argocd" else "Secret"
    return {"existing": "Secret", "sops": encrypted, "sealed-secrets": "SealedSecret"}.get(source, "")


def _folder(unit: DeclaredUnit) -> str:
    """Return the folder for encrypted files of a namespace: the domain's own, or that of the environment."""
    environment = unit.settings.environment.name
    return f"overlays/{environment}" if unit.scope in SHARED else f"domains/{unit.scope}/secrets/{environment}"


def _place(unit: DeclaredUnit, secret: Secret, key: SecretKey, way: SecretsBackend) -> tuple[str, str]:
    """Return the path of a key in the store, and its name there; empty if it does not come from one."""
    match way:
        case ExternalSecrets():
            return store_path(unit.settings, secret), key.remote or key.name
        case CsiSecrets():
            return place(way, store_path(unit.settings, secret), key)
        case _:
            return "", ""


def _key(key: SecretKey, source: Source, part: str) -> ListedKey:
    if key.literal and source in ("store", "generated", "shared"):
        return ListedKey(key.name, "written")
    value: Value = "generated" if source in ("generated", "shared") and key.generated else "needed"
    return ListedKey(key.name, value, part, key.literal)
