"""Label selectors."""

from __future__ import annotations

from typing import Any

import pytest

from floe_compiler.model.selectors import matches
from tables import table

LABELS = {"app": "web", "tier": "front"}


@table(
    "selector, selected",
    [
        ({}, True),
        ({"matchLabels": {}}, True),
        ({"matchLabels": {"app": "web"}}, True),
        ({"matchLabels": {"app": "web", "tier": "back"}}, False),
        ({"matchExpressions": [{"key": "app", "operator": "In", "values": ["api", "web"]}]}, True),
        ({"matchExpressions": [{"key": "app", "operator": "In", "values": ["api"]}]}, False),
        ({"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["api"]}]}, True),
        ({"matchExpressions": [{"key": "zone", "operator": "NotIn", "values": ["api"]}]}, True),
        ({"matchExpressions": [{"key": "app", "operator": "Exists"}]}, True),
        ({"matchExpressions": [{"key": "zone", "operator": "Exists"}]}, False),
        ({"matchExpressions": [{"key": "zone", "operator": "DoesNotExist"}]}, True),
        ({"matchExpressions": [{"key": "app", "operator": "DoesNotExist"}]}, False),
        ({"matchExpressions": [{"key": "app", "operator": "Like"}]}, False),
        ({"matchLabels": {"app": "web"}, "matchExpressions": [{"key": "zone", "operator": "Exists"}]}, False),
    ],
)
def test_selectors_match_as_in_kubernetes(selector: dict[str, Any], selected: bool) -> None:
    assert matches(selector, LABELS) is selected


@pytest.mark.parametrize(
    "selector",
    [
        {"matchLabels": None},
        {"matchLabels": ["app"]},
        {"matchExpressions": None},
        {"matchExpressions": {"app": "api"}},
        {"matchExpressions": ["app"]},
        {"matchExpressions": [{"key": "app", "operator": "NotIn", "values": None}]},
    ],
)
def test_null_and_malformed_selectors_have_no_requirements(selector: dict[str, Any]) -> None:
    assert matches(selector, LABELS)
