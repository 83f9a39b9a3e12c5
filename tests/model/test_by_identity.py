"""A function answers once about the very same data, and again about other data that is equal."""

from __future__ import annotations

from floe_compiler.model.by_identity import by_identity


def test_only_the_very_same_data_is_known() -> None:
    asked: list[list[int]] = []

    @by_identity(2)
    def total(numbers: list[int]) -> int:
        asked.append(numbers)
        return sum(numbers)

    first, equal, third = [1, 2], [1, 2], [4]
    assert [total(first), total(first), total(equal), total(first)] == [3, 3, 3, 3]
    assert len(asked) == 2
    assert total(third) == 4
    assert total(equal) == 3, "no more than two are kept"
    assert len(asked) == 4
