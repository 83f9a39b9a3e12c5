"""Each field of a model has the docstring below it, wherever the model is defined."""

from __future__ import annotations

from pydantic import BaseModel, Field

from floe_compiler.model.field_docs import field_docs


class Outer(BaseModel):
    """A model."""

    first: int = 0
    """The first one.

    With more lines.
    """

    second: int = 0

    class Inner(BaseModel):
        """A model in another one."""

        third: int = 0
        """The third one."""


class Child(Outer):
    """A model that has what its parent has."""

    second: int = Field(0, description="Described.")
    """Not this one."""

    fourth: int = 0
    """The fourth one."""


def test_a_field_has_the_docstring_below_it_or_its_description() -> None:
    assert field_docs(Outer) == {"first": "The first one.\n\nWith more lines."}
    assert field_docs(Outer.Inner) == {"third": "The third one."}
    assert field_docs(Child) == {**field_docs(Outer), "second": "Described.", "fourth": "The fourth one."}


def test_a_model_in_a_function_has_its_own() -> None:
    class Outer(BaseModel):
        first: int = 0
        """Another one."""

    assert field_docs(Outer) == {"first": "Another one."}
