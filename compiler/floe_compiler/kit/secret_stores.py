"""The objects that bring secrets into a namespace, as far as the compiler renders them. None has a secret value.

A store and generated values need the External Secrets Operator (external-secrets.io/v1,
generators.external-secrets.io/v1alpha1). Nothing is rendered for Secrets that others create or encrypt.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from floe_compiler.kit import csi, labels
from floe_compiler.kit.delivery import guarded
from floe_compiler.kit.meta import manifest, present
from floe_compiler.model.durations import go_duration
from floe_compiler.model.inputs import CsiSecrets, ExternalSecrets, GeneratedSecrets
from floe_compiler.model.objects import Object
from floe_compiler.model.secret_ways import way_of
from floe_compiler.model.secrets import Secret
from floe_compiler.model.settings import Settings
from floe_compiler.model.unit_scopes import PLATFORM

API = "external-secrets.io/v1"
GENERATORS = "generators.external-secrets.io/v1alpha1"
READER = "secret-reader"
# These are the defaults, but some versions of the operator write them into the object, which a delivery tool reports as
# a difference forever.
REMOTE_DEFAULTS = {"conversionStrategy": "Default", "decodingStrategy": "None", "metadataPolicy": "None"}


class NotGeneratable(ValueError):
    """In an environment without a store, a secret has keys that cannot be generated."""

    def __init__(self, secret: Secret, keys: tuple[str, ...]) -> None:
        self.secret, self.keys = secret, keys
        super().__init__(f"secret {secret.name} ({', '.join(keys)}) cannot be generated")


def secret_objects(
    settings: Settings,
    namespace: str,
    secrets: Iterable[Secret],
    scope: str = PLATFORM,
    copied: Collection[str] = (),
) -> list[Object]:
    """Return the objects that bring secrets into the namespace of a scope; raise NotGeneratable if one needs a store.

    `copied` are the names of those that the CSI driver also copies into Secrets.
    """
    objects: list[Object] = []
    lengths: set[int] = set()
    for secret in sorted(set(secrets)):
        way = way_of(settings.platform, scope, secret)
        if isinstance(way, ExternalSecrets):
            objects.append(_from_store(settings, way, secret))
        elif isinstance(way, CsiSecrets):
            path = store_path(settings, secret)
            objects.append(csi.provider_class(settings, way, secret, path, copied=secret.name in copied))
        elif isinstance(way, GeneratedSecrets) and secret.owner != namespace:
            objects.append(_from_owner(settings, secret))
        elif isinstance(way, GeneratedSecrets):
            objects.append(_generated(settings, secret))
            lengths |= {key.generated for key in secret.keys}
    return objects + [_generator(settings, length) for length in sorted(lengths - {0})]


def _external_secret(
    settings: Settings, secret: Secret, spec: Object, annotations: Mapping[str, str] | None = None
) -> Object:
    literals = {key.name: key.literal for key in secret.keys if key.literal}
    template = {
        "engineVersion": "v2",
        # Merge: the literal keys are added to the fetched keys, which they would replace by default.
        "mergePolicy": "Merge",
        "type": secret.type,
        **present(data=literals),
    }
    target = {"name": secret.name, "creationPolicy": "Owner", "deletionPolicy": "Retain", "template": template}
    common = labels.common_labels(settings, "secrets")
    body = {**spec, "target": target}
    return manifest(API, "ExternalSecret", secret.name, common, annotations, spec=body)


def _remote(secret_key: str, key: str, remote_property: str) -> Object:
    return {"secretKey": secret_key, "remoteRef": {"key": key, "property": remote_property, **REMOTE_DEFAULTS}}


def store_path(settings: Settings, secret: Secret) -> str:
    """Return the path of a secret in the store."""
    return secret.path or "/".join((settings.platform.name, settings.environment.name, secret.owner, secret.name))


def _from_store(settings: Settings, backend: ExternalSecrets, secret: Secret) -> Object:
    path = store_path(settings, secret)
    spec = {
        "refreshInterval": go_duration(backend.refresh_interval),
        "secretStoreRef": {"kind": backend.store.kind, "name": backend.store.name},
        "data": [_remote(key.name, path, key.remote or key.name) for key in secret.keys if not key.literal],
    }
    return _external_secret(settings, secret, spec)


def store_name(owner: str) -> str:
    """Return the name of the store through which other namespaces read the secrets of the namespace `owner`."""
    return f"{owner}-secrets"


def _from_owner(settings: Settings, secret: Secret) -> Object:
    spec = {
        "refreshInterval": "1m0s",
        "secretStoreRef": {"kind": "ClusterSecretStore", "name": store_name(secret.owner)},
        "data": [_remote(key.name, secret.name, key.name) for key in secret.keys if not key.literal],
    }
    return _external_secret(settings, secret, spec)


def _generated(settings: Settings, secret: Secret) -> Object:
    check_generatable(secret)
    sources = [
        {
            "rewrite": [{"regexp": {"source": "^password$", "target": key.name}}],
            "sourceRef": {
                "generatorRef": {"apiVersion": GENERATORS, "kind": "Password", "name": _password(key.generated)}
            },
        }
        for key in secret.keys
        if key.generated
    ]
    # Generated once, as a value that changes by itself would lock its readers out. It is also kept when its consumer is
    # removed: if the consumer comes back, its volume still has the first password. But with `CreatedOnce`, a key that
    # is added to a Secret later is not generated.
    policy, annotations = ("CreatedOnce", guarded(settings)) if secret.remembered else ("OnChange", None)
    spec = {"refreshPolicy": policy, "refreshInterval": "0s", **present(dataFrom=sources)}
    return _external_secret(settings, secret, spec, annotations)


def check_generatable(secret: Secret) -> None:
    """Raise NotGeneratable if a value of the secret is neither literal nor can be generated."""
    lost = tuple(key.name for key in secret.keys if not key.literal and not key.generated)
    if lost:
        raise NotGeneratable(secret, lost)


def _password(length: int) -> str:
    return f"password-{length}"


def _generator(settings: Settings, length: int) -> Object:
    # No symbols, as the values are used in URLs, configuration files and shells.
    spec = {"length": length, "digits": length // 4, "symbols": 0, "noUpper": False, "allowRepeat": True}
    return manifest(GENERATORS, "Password", _password(length), labels.common_labels(settings, "secrets"), spec=spec)


def shared_store(settings: Settings, owner: str, readers: Iterable[str], secrets: Iterable[str]) -> list[Object]:
    """Return the store through which the namespaces `readers` read these secrets of `owner`, and its RBAC objects."""
    common = labels.common_labels(settings, "secrets")
    group = "rbac.authorization.k8s.io"
    account = {"name": READER, "namespace": owner}
    rule = {"apiGroups": [""], "resources": ["secrets"], "resourceNames": sorted(secrets), "verbs": ["get"]}
    provider = {
        "remoteNamespace": owner,
        "server": {
            "caProvider": {"type": "ConfigMap", "name": "kube-root-ca.crt", "key": "ca.crt", "namespace": owner}
        },
        "auth": {"serviceAccount": account},
    }
    spec = {"conditions": [{"namespaces": sorted(readers)}], "provider": {"kubernetes": provider}}
    role = {"apiGroup": group, "kind": "Role", "name": READER}
    subjects = [{"kind": "ServiceAccount", **account}]
    return [
        manifest("v1", "ServiceAccount", READER, common, namespace=owner, automountServiceAccountToken=False),
        manifest(f"{group}/v1", "Role", READER, common, namespace=owner, rules=[rule]),
        manifest(f"{group}/v1", "RoleBinding", READER, common, namespace=owner, roleRef=role, subjects=subjects),
        manifest(API, "ClusterSecretStore", store_name(owner), common, spec=spec),
    ]
