"""The secrets of a namespace, who provides each, and the store through which other namespaces read some."""

from __future__ import annotations

from typing import Any

from floe_compiler.kit import secret_stores
from floe_compiler.model.facts import named_secrets
from floe_compiler.model.ingress import UnitIngress
from floe_compiler.model.inputs import GeneratedSecrets
from floe_compiler.model.objects import Object
from floe_compiler.model.plan import DeclaredUnit, Instance, UnitPlan
from floe_compiler.model.secret_ways import way_of
from floe_compiler.model.secrets import Secret, SecretKey, merged

PULL_SECRET_TYPE = "kubernetes.io/dockerconfigjson"  # noqa: S105 - a type of Secret, not one


def secret_user(unit: DeclaredUnit, secret: Secret) -> Instance[Any] | None:
    """Return the instance that provides the secret to others, or else the first instance whose pods read it."""
    handed_over = [(declared.instance, declared.secrets) for declared in unit.instances]
    read = [(declared.instance, named_secrets(declared.parts)) for declared in unit.instances]
    for instance, secrets in (*handed_over, *read):
        if secret.name in {other.name for other in secrets}:  # `secret` may have been merged with those of others
            return instance
    return None


def unit_secrets(unit: DeclaredUnit, ingress: UnitIngress | None = None) -> tuple[Secret, ...]:
    """Return all secrets of the namespace: those that its pods and custom resources read, for images, and for hosts."""
    secrets = {secret for declared in unit.instances for secret in named_secrets(declared.parts)}
    if ingress is not None and ingress.tls_secret is not None:
        secrets.add(ingress.tls_secret)
    pull_secret, owner = unit.settings.platform.pull_secret, unit.settings.environment.platform_namespace
    if pull_secret:
        # Some stores take a dot in a property's name for a path into its value.
        keys = (SecretKey(".dockerconfigjson", remote="dockerconfigjson"),)
        secrets.add(Secret(pull_secret, owner, keys, PULL_SECRET_TYPE))
    return merged(secrets)


def shared_store(plan: UnitPlan) -> list[Object]:
    """Return the store through which other namespaces read the secrets that are generated in this one.

    Raises NotGeneratable for a secret that others read and that cannot be generated.
    """
    shared, settings = plan.shared_secrets, plan.unit.settings
    if shared is None:
        return []
    for secret in (secret for instance in plan.unit.instances for secret in instance.secrets):
        own = way_of(settings.platform, plan.unit.scope, secret)
        if secret.name in shared.secrets and isinstance(own, GeneratedSecrets):
            secret_stores.check_generatable(secret)
    return secret_stores.shared_store(settings, plan.unit.namespace, shared.readers, shared.secrets)
