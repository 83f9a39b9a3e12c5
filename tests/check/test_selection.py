"""Label selectors, answered by an index."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from floe_compiler.check.selection import LabelIndex
from floe_compiler.model.selectors import matches

LABELS = {"app": "web", "tier": "front"}


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
