"""The models in a type."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field

from floe_compiler.model.nested_models import models_in


class One(BaseModel):
    """A model."""


class Two(BaseModel):
    """Another one."""


def test_models_are_found_at_any_depth_and_in_their_order() -> None:
    assert [*models_in(One)] == [One]
    assert [*models_in(Two | One | None)] == [Two, One]
    assert [*models_in(tuple[Annotated[One | Two, Field()], ...])] == [One, Two]
    assert [*models_in(dict[str, One])] == [One]
    assert [*models_in(str | None)] == []
