"""Label selectors, answered by an index."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from examples import FEW
from floe_compiler.model.bit_sets import numbers_in
from floe_compiler.model.label_index import LabelIndex, LabelSelector
from floe_compiler.model.selectors import matches

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
@FEW
def test_the_index_finds_the_same_as_a_full_scan(labels: list[dict[str, str]], selector: dict[str, Any]) -> None:
    expected = [position for position, labelled in enumerate(labels) if matches(selector, labelled)]
    assert list(numbers_in(LabelIndex.of(labels).select(LabelSelector.of(selector)))) == expected


def test_an_unknown_operator_selects_nothing() -> None:
    selector = {"matchExpressions": [{"key": "a", "operator": "Like", "values": ["b"]}]}
    assert LabelIndex.of([{"a": "b"}]).select(LabelSelector.of(selector)) == 0
