"""The settings that a document leaves at their default."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from floe_compiler.explain.unwritten import examples, unwritten
from floe_compiler.model.inputs import Input


class Cat(Input):
    type: Literal["cat"]
    lives: int = 9


class Dog(Input):
    type: Literal["dog"]
    tricks: tuple[str, ...] = ()
    age: int = 1


class Food(Input):
    brand: str = "any"
    grams: int = 100


class House(Input):
    name: str
    pets: tuple[Annotated[Cat | Dog, Field(discriminator="type")], ...] = ()
    food: Food = Food()
    guest: Cat | None = None


def test_defaults_are_found_at_any_depth() -> None:
    data = {"name": "x", "pets": [{"type": "dog", "age": 2}, {"type": "dog"}, {"type": "cat"}], "food": {"grams": 1}}
    assert dict(unwritten(House, data)) == {
        ("pets", 1, "age"): 1,
        ("pets", 2, "lives"): 9,
        ("food", "brand"): "any",
        ("guest",): None,
    }


def test_a_missing_section_has_the_defaults_of_its_fields() -> None:
    assert dict(unwritten(House, {"name": "x"})) == {("food", "brand"): "any", ("food", "grams"): 100, ("guest",): None}


class Wall(Input):
    width: int | None = None
    colours: Annotated[tuple[str, ...], Field(strict=False)] | None = None
    finish: Literal["dull", "bright"] | None = None
    painted: bool | None = None
    frame: Food | None = None


def test_fields_without_a_default_have_examples_of_their_type() -> None:
    assert list(examples(Wall, ("width",))) == [1, 1024]
    assert list(examples(Wall, ("colours",)))[:2] == [["x"], ["1"]]
    assert list(examples(Wall, ("finish",))) == ["dull", "bright"]
    assert list(examples(Wall, ("painted",))) == [True]
    assert list(examples(House, ("pets", 1, "age"))) == [1, 1024]
    assert list(examples(Wall, ("frame",))) == list(examples(Wall, ("door",))) == []


def test_odd_data_has_no_defaults() -> None:
    assert dict(unwritten(House, "text")) == {}
    assert ("food", "grams") not in dict(unwritten(House, {"food": "text", "pets": {"type": 1}}))
