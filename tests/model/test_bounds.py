"""Bounds of values: amounts in order, and words of a list."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from floe_compiler.model.bounds import Bounds, compared
from tables import table


@table(
    "bounds, value, allowed",
    [
        (Bounds(least=30), 30, True),
        (Bounds(least=30), 29, False),
        (Bounds(most=30), 31, False),
        (Bounds(least=1, most=3), 2, True),
        (Bounds(most=1.5), 1, True),
        (Bounds(most="4"), "4000m", True),
        (Bounds(most="4"), "4001m", False),
        (Bounds(most=4), "4", True),
        (Bounds(most="1Gi"), "1024Mi", True),
        (Bounds(most="1Gi"), "2Gi", False),
        (Bounds(most="1h"), "60m", True),
        (Bounds(most="1h"), "61m", False),
        (Bounds(most="5m"), "90s", True),
        (Bounds(most="5m"), "1h", False),
        (Bounds(least=30), None, False),
        (Bounds(least=1), True, False),
        (Bounds(most="4"), "often", False),
        (Bounds(most="4"), {"cpu": 1}, False),
        (Bounds(among=("dagster", "airflow")), "dagster", True),
        (Bounds(among=("dagster", "airflow")), "prefect", False),
        (Bounds(among=("quay.io/acme",)), "quay.io/acme/sales", True),
        (Bounds(among=("quay.io/acme",)), "quay.io/acme-evil", False),
        (Bounds(among=("quay.io/acme",)), "quay.io", False),
        (Bounds(among=(True,)), True, True),
        (Bounds(among=(True,)), 1, False),
        (Bounds(among=(1, None)), None, True),
        (Bounds(among=()), "x", False),
        (Bounds(least=2, among=(1, 2)), 1, False),
    ],
)
def test_values_within_the_bounds_are_allowed(bounds: Bounds, value: Any, allowed: bool) -> None:
    assert bounds.allows(value) is allowed


@pytest.mark.parametrize(
    ("bounds", "words"),
    [
        (Bounds(least=30), "at least 30"),
        (Bounds(least="1h", most="2h"), "at least 1h and at most 2h"),
        (Bounds(among=("dagster", "airflow")), "one of dagster, airflow"),
        (Bounds(among=("dagster",)), "only dagster"),
        (Bounds(among=(None, True)), "one of null, true"),
        (Bounds(among=()), "nothing"),
    ],
)
def test_bounds_are_described_in_words(bounds: Bounds, words: str) -> None:
    assert str(bounds) == words


@pytest.mark.parametrize(
    ("pair", "problem"),
    [
        (("4", "1h"), "4 cannot be compared with 1h"),
        (("x", "x"), "x is not an amount"),
        ((None, 1), "null cannot be compared with 1"),
        ((True, 1), "true cannot be compared with 1"),
        (("1Gi", "1h"), "1Gi cannot be compared with 1h"),
    ],
)
def test_values_that_cannot_be_compared_are_refused(pair: tuple[Any, Any], problem: str) -> None:
    with pytest.raises(ValueError, match=f"^{problem}; write a number"):
        compared(*pair)


AMOUNTS = st.integers(0, 10**6)


@given(AMOUNTS, AMOUNTS, AMOUNTS)
def test_several_limits_allow_what_the_narrowest_allows(first: int, second: int, value: int) -> None:
    allowed = Bounds(most=first).allows(value) and Bounds(most=second).allows(value)
    assert allowed == Bounds(most=min(first, second)).allows(value)


@given(AMOUNTS, AMOUNTS)
def test_amounts_are_ordered_in_any_notation(first: int, other: int) -> None:
    order = (first > other) - (first < other)
    assert compared(first, other) == compared(f"{first}k", f"{other}000") == compared(f"{first}s", f"{other}s") == order
