"""What each field of a model is for: the docstring below it.

pydantic can read these itself (`use_attribute_docstrings`), but does so whenever a model is imported, which takes
longer than making the model. Only JSON Schemas and help need them.
"""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema

if TYPE_CHECKING:
    from pydantic.json_schema import JsonSchemaValue


@cache
def field_docs(model: type[BaseModel]) -> Mapping[str, str]:
    """Return what each field of a model is for, by name: its description, or else the docstring below it."""
    models = [base for base in reversed(model.__mro__) if issubclass(base, BaseModel) and base is not BaseModel]
    docs = {name: doc for base in models for name, doc in _written(base.__module__).get(base.__qualname__, {}).items()}
    described = {name: field.description or docs.get(name) for name, field in model.model_fields.items()}
    return {name: doc for name, doc in described.items() if doc}


@cache
def _written(module: str) -> Mapping[str, Mapping[str, str]]:
    """Return the docstrings below the fields of each class of a module, by the class's `__qualname__`.

    `inspect.getsource` of a class parses its whole module, so this does it once for all of them.
    """
    return dict(_classes(ast.parse(inspect.getsource(sys.modules[module])), ""))


def _classes(node: ast.AST, prefix: str) -> Iterator[tuple[str, Mapping[str, str]]]:
    for child in ast.iter_child_nodes(node):
        match child:
            case ast.ClassDef(name=name, body=body):
                yield f"{prefix}{name}", dict(_own_docs(body))
                yield from _classes(child, f"{prefix}{name}.")
            case ast.FunctionDef(name=name):
                yield from _classes(child, f"{prefix}{name}.<locals>.")


def _own_docs(body: Iterable[ast.stmt]) -> Iterator[tuple[str, str]]:
    for field, doc in pairwise(body):
        match field, doc:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                yield name, inspect.cleandoc(text)


class DescribedJsonSchema(GenerateJsonSchema):
    """JSON Schemas in which each property has the docstring of its field as its description."""

    def model_schema(self, schema: Any) -> JsonSchemaValue:
        """Return the schema of a model; a property without a description gets the docstring of its field."""
        described = super().model_schema(schema)
        model: type[BaseModel] = schema["cls"]
        for name, doc in field_docs(model).items():
            described["properties"][model.model_fields[name].alias or name].setdefault("description", doc)
        return described
