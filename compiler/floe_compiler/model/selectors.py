"""Label selectors, as Kubernetes evaluates them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from floe_compiler.model.nested_fields import items, mapping, mappings

Labels = Mapping[str, str]
Selector = Mapping[str, Any]
"""A LabelSelector: `matchLabels` and `matchExpressions`; without both it selects everything."""


def matches(selector: Selector, labels: Labels) -> bool:
    """Return whether a LabelSelector matches these labels; null or malformed parts are ignored."""
    return all(labels.get(key) == value for key, value in mapping(selector, ("matchLabels",)).items()) and all(
        _satisfies(expression, labels) for expression in mappings(selector, ("matchExpressions",))
    )


def _satisfies(expression: Mapping[str, Any], labels: Labels) -> bool:
    value = labels.get(str(expression.get("key")))
    values = items(expression, ("values",))
    match expression.get("operator"):
        case "In":
            return value in values
        case "NotIn":
            return value not in values
        case "Exists":
            return value is not None
        case "DoesNotExist":
            return value is None
        case _:
            return False
