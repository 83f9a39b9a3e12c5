"""The models in the type of a field."""

from __future__ import annotations

from collections.abc import Iterator
from types import NoneType
from typing import Any, get_args

from pydantic import BaseModel


def models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """Yield the models inside a type, in order: those of a union, of a list's items, of a mapping's values."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from models_in(inner)


def may_be_value(annotation: Any) -> bool:
    """Return whether a type has something else than models: a text, a number, a list of these."""
    if isinstance(annotation, type):
        return not issubclass(annotation, BaseModel | NoneType)
    return any(may_be_value(inner) for inner in get_args(annotation))
