"""A namespace shares exactly the secrets that pods of other namespaces read."""

from __future__ import annotations

from msgspec.structs import replace

from floe_compiler.derive.shared_secrets import shared_secrets
from floe_compiler.model.inputs import SecretRule
from floe_compiler.model.plan import SharedSecrets
from floe_compiler.model.unit_facts import SecretUse, UnitFacts
from floe_compiler.model.units import UnitKey
from support import DEVELOPMENT, PRODUCTION, changed


def facts(namespace: str, *secrets: SecretUse) -> UnitFacts:
    return UnitFacts(UnitKey("dev", "acme-dev", namespace), secrets=secrets)


def test_secrets_are_gathered_by_the_namespace_that_owns_them() -> None:
    client, root = SecretUse("platform", "client"), SecretUse("platform", "root")
    units = [facts("sales", client), facts("finance", client, root), facts("platform")]
    assert shared_secrets(units) == {"platform": SharedSecrets(("client", "root"), ("finance", "sales"))}


def test_secrets_that_only_their_own_namespace_reads_are_not_shared() -> None:
    assert shared_secrets([facts("sales")]) == {}


def test_only_generated_secrets_are_shared() -> None:
    units = [replace(facts("sales", SecretUse("platform", "client"), SecretUse("platform", "root")), scope="sales")]
    rule = SecretRule.model_validate({"names": ["root"], "scopes": ["sales"], "use": {"type": "existing"}})
    settings = changed(DEVELOPMENT, platform={"secret_rules": (rule,)})
    assert shared_secrets(units, PRODUCTION.platform) == {}
    assert shared_secrets(units, DEVELOPMENT.platform) == {"platform": SharedSecrets(("client", "root"), ("sales",))}
    assert shared_secrets(units, settings.platform) == {"platform": SharedSecrets(("client",), ("sales",))}
