"""A namespace shares exactly the secrets that pods of other namespaces read."""

from __future__ import annotations

from floe_compiler.derive.shared_secrets import shared_secrets
from floe_compiler.model.plan import SharedSecrets
from floe_compiler.model.unit_facts import SecretUse, UnitFacts
from floe_compiler.model.units import UnitKey


def facts(namespace: str, *secrets: SecretUse) -> UnitFacts:
    return UnitFacts(UnitKey("dev", "acme-dev", namespace), secrets=secrets)


def test_secrets_are_gathered_by_the_namespace_that_owns_them() -> None:
    client, root = SecretUse("platform", "client"), SecretUse("platform", "root")
    units = [facts("sales", client), facts("finance", client, root), facts("platform")]
    assert shared_secrets(units) == {"platform": SharedSecrets(("client", "root"), ("finance", "sales"))}


def test_nothing_is_shared_where_everybody_reads_their_own() -> None:
    assert shared_secrets([facts("sales")]) == {}
