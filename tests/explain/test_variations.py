"""Alternative values, and the differences that they cause."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from floe_compiler.explain.variations import differences, scalars, variations, words
from floe_compiler.model.nested_fields import with_value

SCALARS = st.none() | st.booleans() | st.integers(-5, 5) | st.text("ab1", max_size=3)
DATA = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)
CLOSED = (("light", "medium", "heavy"), ("light", "dark"))


def equal(first: Any, second: Any) -> bool:
    return type(first) is type(second) and first == second


@given(SCALARS | st.sampled_from(["light", "10.0.0.0/16", "Europe/Berlin", "1.2.3"]))
def test_a_variation_differs_from_the_value_and_has_its_type(value: Any) -> None:
    for variation in variations(value, CLOSED):
        assert not equal(variation, value)
        assert type(variation) is type(value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (True, [False]),
        (3, [6, 4, 2]),
        (None, []),
        ("light", ["medium", "heavy", "dark", "lightx"]),
        ("1.0", ["1.1", "2.0", "0.0", "1.0x"]),
        ("orders", ["ordersx"]),
        ("Europe/Berlin", ["Europe/Berlinx", "Europe/Paris", "Etc/UTC"]),
        ("Etc/UTC", ["Etc/UTCx", "Europe/Paris"]),
        ("0 6 * * *", ["@yearly", "@hourly", "0 12 * * *", "0 7 * * *", "0 5 * * *", "1 6 * * *", "0 6 * * *x"]),
        ("@yearly", ["@hourly", "@yearlyx"]),
        ("@daily", ["@yearly", "@hourly", "@dailyx"]),
        ("a b c d e", ["a b c d ex"]),
    ],
)
def test_the_likeliest_variations_come_first(value: Any, expected: list[Any]) -> None:
    assert list(variations(value, CLOSED)) == expected


@pytest.mark.parametrize("schedule", ["0 3 1 * *", "*/5 * * * *", "0 0 1 1 *", "30 4 2 JAN *"])
def test_a_schedule_is_first_varied_to_one_of_another_length(schedule: str) -> None:
    """What follows from how often it runs, such as an alert for a product that is late, is the same at another hour."""
    is_yearly = schedule.split()[3] != "*"
    assert next(iter(variations(schedule, ()))) == ("@hourly" if is_yearly else "@yearly")


def test_a_digest_keeps_its_length() -> None:
    assert next(iter(variations(f"a/b@sha256:{'4' * 64}", ()))) == f"a/b@sha256:{'4' * 63}0"
    assert next(iter(variations(f"a/b@sha256:{'0' * 64}", ()))) == f"a/b@sha256:{'0' * 63}1"


def test_numbers_in_a_text_do_not_become_negative() -> None:
    assert "10.-1.0.0/8" not in list(variations("10.0.0.0/8", ()))


@given(DATA)
def test_data_does_not_differ_from_itself(data: Any) -> None:
    assert differences(data, data) == frozenset()


@given(DATA, st.data(), SCALARS)
def test_a_replaced_value_is_the_only_difference(data: Any, draw: st.DataObject, value: Any) -> None:
    places = [path for path, _ in scalars(data)]
    if not places:
        return
    path = draw.draw(st.sampled_from(places))
    before = repr(data)
    changed = with_value(data, path, value)
    assert repr(data) == before, "the data itself stays as it is"
    assert dict(scalars(changed))[path] is value or equal(dict(scalars(changed))[path], value)
    first = dict(scalars(data))[path]
    assert differences(data, changed) == (frozenset() if equal(first, value) else {path})
    assert differences(with_value(changed, path, first), data) == frozenset()


def test_a_value_is_added_with_its_parents() -> None:
    data = {"name": "x", "pets": [{"type": "cat"}, {"type": "dog"}]}
    assert with_value(data, ("food", "grams"), 1) == {**data, "food": {"grams": 1}}
    assert with_value(data, ("pets", 1, "age"), 3) == {
        "name": "x",
        "pets": [{"type": "cat"}, {"type": "dog", "age": 3}],
    }
    assert with_value(data, ("name",), "y") == {**data, "name": "y"}
    assert data == {"name": "x", "pets": [{"type": "cat"}, {"type": "dog"}]}, "nothing is changed in place"


def test_a_removed_scalar_differs_and_a_new_one_does_not() -> None:
    before = {"a": 1, "b": [1, 2]}
    assert differences(before, {"a": 1, "b": [1]}) == {("b", 1)}
    assert differences(before, {"a": {"c": 1}, "b": [1, 2], "d": 4}) == {("a",)}
    assert differences(before, {}) == {("a",), ("b", 0), ("b", 1)}


def test_an_item_that_moved_or_has_another_name_is_the_same() -> None:
    before = {"a": [{"name": "x", "b": 1}, {"name": "y", "b": 2}]}
    moved = {"a": [{"name": "new", "b": 0}, *before["a"]]}
    assert differences(before, moved) == frozenset()
    renamed = {"a": [{"name": "z", "b": 1}, {"name": "y", "b": 2}]}
    assert differences(before, renamed) == {("a", 0, "name")}
    changed = {"a": [{"name": "new", "b": 0}, {"name": "x", "b": 5}, {"name": "y", "b": 2}]}
    assert differences(before, changed) == {("a", 0, "b")}
    assert differences(before, "text") == {("a", at, key) for at in (0, 1) for key in ("name", "b")}


def test_nested_scalars_are_found() -> None:
    assert dict(scalars({"a": [{"b": 1}, "x"], "c": (), "d": {}, "e": None})) == {
        ("a", 0, "b"): 1,
        ("a", 1): "x",
        ("e",): None,
    }


def test_enums_of_a_schema_are_found() -> None:
    schema = {"properties": {"a": {"enum": ["x", "y"]}, "enum": {"type": "string"}}, "allOf": [{"then": {"enum": [1]}}]}
    assert list(words(schema)) == [("x", "y"), ("1",)]
