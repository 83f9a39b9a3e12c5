"""Label selectors."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from floe_compiler.check.selection import LabelIndex, matches

LABELS = {"app": "web", "tier": "front"}


@pytest.mark.parametrize(
    ("selector", "selected"),
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
def test_matches(selector: dict[str, Any], selected: bool) -> None:
    assert matches(selector, LABELS) is selected


WORDS = st.sampled_from(["a", "b", "c"])
LABEL_SETS = st.dictionaries(WORDS, WORDS, max_size=3)
EXPRESSIONS = st.fixed_dictionaries(
    {
        "key": WORDS,
        "operator": st.sampled_from(["In", "NotIn", "Exists", "DoesNotExist"]),
        "values": st.lists(WORDS, max_size=2),
    }
)
SELECTORS = st.fixed_dictionaries({}, optional={"matchLabels": LABEL_SETS, "matchExpressions": st.lists(EXPRESSIONS)})


@given(st.lists(LABEL_SETS, max_size=6), SELECTORS)
def test_the_index_finds_what_looking_at_each_one_finds(labels: list[dict[str, str]], selector: dict[str, Any]) -> None:
    expected = tuple(position for position, one in enumerate(labels) if matches(selector, one))
    assert LabelIndex(labels).select(selector) == expected


def test_an_index_of_some_positions_only_finds_those() -> None:
    assert LabelIndex([LABELS, LABELS, LABELS], [0, 2]).select({"matchLabels": {"app": "web"}}) == (0, 2)
    assert LabelIndex([LABELS, LABELS, LABELS], [0, 2]).select({}) == (0, 2)
