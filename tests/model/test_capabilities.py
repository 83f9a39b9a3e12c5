"""What components offer one another."""

from __future__ import annotations

import pytest

from products import CATALOG, COMPUTE


def test_a_domain_logs_in_as_its_own_client() -> None:
    assert CATALOG.client("sales").domain == "sales"
    with pytest.raises(KeyError, match="polaris has no client for domain finance"):
        CATALOG.client("finance")


def test_the_target_joins_the_catalog_only_where_there_is_one() -> None:
    assert COMPUTE.target(catalog=False) == dict(COMPUTE.profile)
    assert COMPUTE.target(catalog=True) == {**dict(COMPUTE.profile), "extensions": ["iceberg"]}
