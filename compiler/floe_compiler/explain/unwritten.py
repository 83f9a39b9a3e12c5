"""Settings with a default that a document leaves out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from floe_compiler.explain.variations import scalars
from floe_compiler.model.document import DataPath
from floe_compiler.model.nested_models import models_in

_EXAMPLES: Mapping[Any, tuple[Any, ...]] = {bool: (True,), int: (1, 1024), str: ("x", "1", "10.9.0.0/16", "x.example")}


def unwritten(model: type[BaseModel], data: Any, path: DataPath = ()) -> Iterator[tuple[DataPath, Any]]:
    """Yield the path and the default of every scalar that the document could have but does not.

    Args:
        model: the model of the document, or of a part of it.
        data: the written data.
        path: the path of the part.
    """
    if not isinstance(data, Mapping):
        return
    for name, field in model.model_fields.items():
        below = (*path, name)
        if name not in data:
            if not field.is_required():
                default = field.get_default(call_default_factory=True)
                yield from scalars(default.model_dump() if isinstance(default, BaseModel) else default, below)
            continue
        for part, at in _parts(data[name], below):
            fitting = next((part_model for part_model in models_in(field.annotation) if _fits(part_model, part)), None)
            if fitting:
                yield from unwritten(fitting, part, at)


def _parts(value: Any, path: DataPath) -> Iterator[tuple[Any, DataPath]]:
    if isinstance(value, list):
        yield from ((item, (*path, index)) for index, item in enumerate(value))
    else:
        yield value, path


def _fits(model: type[BaseModel], part: Any) -> bool:
    """Return whether a model is the one that the part's `type` chooses, if it has one."""
    chooser = model.model_fields.get("type")
    return not chooser or not isinstance(part, Mapping) or part.get("type") in get_args(chooser.annotation)


def examples(model: type[BaseModel], path: DataPath) -> Iterator[Any]:
    """Yield values for a field that has none by default, as far as its type shows some: most of them may be valid."""
    annotation: Any = model
    for step in path:
        if isinstance(step, str):
            fields = [below.model_fields[step] for below in models_in(annotation) if step in below.model_fields]
            annotation = fields[0].annotation if fields else None
    yield from _of_type(annotation)


def _of_type(annotation: Any) -> Iterator[Any]:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if annotation in _EXAMPLES:
        yield from _EXAMPLES[annotation]
    elif origin is Literal:
        yield from arguments
    elif origin in (list, tuple):
        yield from ([item] for item in _of_type(arguments[0]))
    elif origin is Annotated:
        yield from _of_type(arguments[0])
    elif origin in (Union, UnionType):
        for argument in arguments:
            yield from _of_type(argument)
