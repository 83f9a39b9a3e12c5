"""What components offer one another."""

from __future__ import annotations

from dataclasses import replace

import pytest

from products import CATALOG, LINEAGE


def test_a_domain_logs_in_as_its_own_client() -> None:
    assert CATALOG.client("sales").domain == "sales"
    with pytest.raises(KeyError, match="polaris has no client for domain finance"):
        CATALOG.client("finance")


def test_clients_of_a_catalog_call_who_hands_out_tokens_too() -> None:
    assert CATALOG.calls() == (CATALOG.endpoint,)
    assert replace(CATALOG, token_endpoint=LINEAGE.endpoint).calls() == (CATALOG.endpoint, LINEAGE.endpoint)
