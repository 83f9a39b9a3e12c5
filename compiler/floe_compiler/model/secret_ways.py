"""How each secret gets into the cluster: as the environment says, or as its first matching rule says."""

from __future__ import annotations

from fnmatch import fnmatchcase

from floe_compiler.model.inputs import ExistingSecrets, SecretRule, SecretsBackend
from floe_compiler.model.secrets import Secret
from floe_compiler.model.settings import PlatformSettings
from floe_compiler.model.unit_scopes import SHARED

EXISTING = ExistingSecrets(type="existing")


def way_of(platform: PlatformSettings, scope: str, secret: Secret) -> SecretsBackend:
    """Return how a secret gets into the namespace of a scope, whose pods read it."""
    return EXISTING if secret.existing else way_of_name(platform, scope, secret.name)


def way_of_name(platform: PlatformSettings, scope: str, name: str) -> SecretsBackend:
    """Return how a secret with this name gets into the namespace of a scope, unless its reader says that it exists."""
    position = rule_of(platform.secret_rules, scope, name)
    return platform.secrets if position is None else platform.secret_rules[position].use


def rule_of(rules: tuple[SecretRule, ...], scope: str, name: str) -> int | None:
    """Return the position of the first rule that matches a secret which pods of a scope read; None if no rule does."""
    word = SHARED.get(scope, scope)
    fitting = (
        position
        for position, rule in enumerate(rules)
        if (rule.scopes is None or word in rule.scopes) and any(fnmatchcase(name, pattern) for pattern in rule.names)
    )
    return next(fitting, None)
