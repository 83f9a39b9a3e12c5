"""A test that goes through a table, in place of a test for each row.

pytest needs milliseconds for each test, and most rows need microseconds. Rows that need much, or that skip, or share a
fixture that one of them changes, are better parametrised.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

import pytest
from _pytest.mark import ParameterSet

FAILURES = (Exception, pytest.fail.Exception, pytest.skip.Exception)
"""What may come of a row. One that is skipped would not be missed, so it is a failure, too."""


def table(
    names: str, rows: Iterable[Any], ids: Callable[[Any], str] = repr
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Return the decorator of a test that tries all rows, and reports each that fails with what it has.

    `names` and `rows` are those of `pytest.mark.parametrize`, and `ids` tells what a value is called in the report. The
    test raises BaseExceptionGroup. Raises ValueError for a table without rows, or with a row of another length.
    """
    columns = [name.strip() for name in names.split(",")]
    cases = [_case(columns, row) for row in rows]
    if not cases:
        raise ValueError("a table without rows tests nothing")

    def decorator(test: Callable[..., None]) -> Callable[..., None]:
        @wraps(test)
        def tried(**fixtures: Any) -> None:
            failed = []
            for name, values in cases:
                try:
                    test(**values, **fixtures)
                except FAILURES as error:
                    error.add_note(f"row: {name or ', '.join(map(ids, values.values()))}")
                    failed.append(error)
            if failed:
                raise BaseExceptionGroup(f"{len(failed)} of {len(cases)} rows failed", failed)

        signature = inspect.signature(test)
        fixtures_ = [parameter for name, parameter in signature.parameters.items() if name not in columns]
        setattr(tried, "__signature__", signature.replace(parameters=fixtures_))  # noqa: B010
        return tried

    return decorator


def _case(columns: list[str], row: Any) -> tuple[str, dict[str, Any]]:
    """Return the name of a row, empty unless it has one, and its values by column."""
    own = row if isinstance(row, ParameterSet) else None
    values = tuple(own.values if own else row if len(columns) > 1 else (row,))
    if own and own.marks:
        raise ValueError("a row of a table has no marks")
    return str(own.id) if own and own.id else "", dict(zip(columns, values, strict=True))
