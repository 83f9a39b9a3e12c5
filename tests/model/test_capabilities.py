"""What components offer to each other."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from floe_compiler.model.capabilities import secrets_of
from products import CATALOG, LINEAGE, STORE


def test_a_domain_logs_in_as_its_own_client() -> None:
    assert CATALOG.client("sales").domain == "sales"
    with pytest.raises(KeyError, match="polaris has no client for domain finance"):
        CATALOG.client("finance")


def test_clients_of_a_catalog_call_who_hands_out_tokens_too() -> None:
    assert CATALOG.calls() == (CATALOG.endpoint,)
    assert replace(CATALOG, token_endpoint=LINEAGE.endpoint).calls() == (CATALOG.endpoint, LINEAGE.endpoint)


def test_the_secrets_of_a_capability_are_found_however_deep() -> None:
    assert {secret.name for secret in secrets_of(CATALOG)} == {"polaris-marketing", "polaris-sales"}
    assert {secret.name for secret in secrets_of(STORE)} == {"minio-warehouse"}
    assert list(secrets_of(LINEAGE)) == []
