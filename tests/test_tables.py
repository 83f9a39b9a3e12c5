"""A test with a table tries each row, and reports those that fail."""

from __future__ import annotations

import inspect

import pytest

from tables import table


def test_all_failing_rows_are_reported_with_their_values() -> None:
    tried = []

    @table("number, text", [(1, "one"), (2, "two"), pytest.param(3, "three", id="the third")])
    def test(number: int, text: str) -> None:
        tried.append(text)
        assert number == 1
        if number > 3:
            pytest.fail("never")

    with pytest.raises(ExceptionGroup, match="2 of 3 rows failed") as failures:
        test()
    assert tried == ["one", "two", "three"]
    assert [error.__notes__ for error in failures.value.exceptions] == [["row: 2, 'two'"], ["row: the third"]]


def test_failures_of_pytest_fail_too() -> None:
    @table("name", ["fail", "skip"], ids=str.upper)
    def test(name: str) -> None:
        getattr(pytest, name)("a reason")

    with pytest.raises(BaseExceptionGroup) as failures:
        test()
    assert [error.__notes__ for error in failures.value.exceptions] == [["row: FAIL"], ["row: SKIP"]]


def test_other_parameters_are_fixtures() -> None:
    @table("number", [1])
    def test(number: int, capsys: object) -> None:
        assert capsys == number

    assert [*inspect.signature(test).parameters] == ["capsys"]
    test(capsys=1)


def test_an_empty_table_is_refused() -> None:
    with pytest.raises(ValueError, match="without rows"):
        table("number", [])
    with pytest.raises(ValueError, match="longer than argument 1"):
        table("number", [pytest.param(1, 2)])
    with pytest.raises(ValueError, match="no marks"):
        table("number", [pytest.param(1, marks=pytest.mark.thorough)])
