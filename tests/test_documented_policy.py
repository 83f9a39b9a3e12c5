"""The policy of a product's role at AWS, as the documentation shows it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from floe_compiler.kit.store_policies import of_product
from floe_compiler.model.data_access import OutputTable, ServedProduct

PAGE = Path(__file__).parents[1] / "docs/components.md"
Statements = dict[tuple[tuple[str, ...], tuple[str, ...]], Any]


def statements(policy: list[dict[str, Any]]) -> Statements:
    """Return the condition of each statement, by its actions and resources."""

    def words(value: str | list[str]) -> tuple[str, ...]:
        return (value,) if isinstance(value, str) else tuple(sorted(value))

    return {
        (words(statement["Action"]), words(statement["Resource"])): statement.get("Condition") for statement in policy
    }


def test_the_documented_policy_is_that_of_seaweedfs_and_minio_without_one_condition() -> None:
    product = ServedProduct("sales", "customers", reads=(OutputTable("marketing", "leads", "leads"),))
    expected = statements(of_product("acme-warehouse", product))
    listing = (("s3:ListBucket",), ("arn:aws:s3:::acme-warehouse",))
    assert expected.pop(listing) is not None
    (text,) = re.findall(r"```json\n(\{\n  \"Version\": \"2012.*?)```", PAGE.read_text(), re.DOTALL)
    documented = statements(json.loads(text)["Statement"])
    assert documented.pop(listing) is None
    assert documented == expected
