"""Documents against their schemas: each mistake at its place."""

from __future__ import annotations

from typing import Any

import pytest

from floe_compiler.load.schema_check import SchemaCheck
from floe_compiler.model.document import Document
from floe_compiler.model.span import Span

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "count": {"type": "integer", "minimum": 1},
        "login": {
            "type": "object",
            "properties": {"secret": {"type": "string"}, "key": {"type": "string"}},
            "additionalProperties": False,
        },
    },
    "required": ["name"],
    "additionalProperties": False,
}


def test_an_error_is_at_its_key_or_value() -> None:
    document = Document(
        "a.yaml",
        {"more": 1, "count": 0, "login": None},
        keys={("more",): Span("a.yaml", 3, 1), ("login",): Span("a.yaml", 5, 1)},
        values={(): Span("a.yaml", 2, 1), ("more",): Span("a.yaml", 3, 7), ("count",): Span("a.yaml", 4, 8)},
    )
    problems = SchemaCheck({"Thing": SCHEMA}).problems("Thing", document)
    assert {problem.message: problem.span for problem in problems} == {
        "name is missing": Span("a.yaml", 2, 1),
        "more is not a known key": Span("a.yaml", 3, 1),
        "count: 0 is less than the minimum of 1": Span("a.yaml", 4, 8),
        "login: there is no value": Span("a.yaml", 5, 1),
    }


def test_a_misspelt_key_is_one_error_at_the_key() -> None:
    document = Document("a.yaml", {"nmae": "x"}, keys={("nmae",): Span("a.yaml", 3, 1)})
    (problem,) = SchemaCheck({"Thing": SCHEMA}).problems("Thing", document)
    assert (problem.message, problem.hint) == ("nmae is not a known key", 'did you mean "name"?')
    assert problem.span == Span("a.yaml", 3, 1)


def test_a_document_that_is_not_a_mapping_is_named_by_its_file() -> None:
    (problem,) = SchemaCheck({"Thing": SCHEMA}).problems("Thing", Document("a.yaml", []))
    assert problem.message == "a.yaml: a list is not a mapping"


@pytest.mark.parametrize("data", [{"name": "x", "a\u200bb": 1}, {"name": "x", "count": "1\u200b"}])
def test_invisible_characters_are_shown(data: dict[str, Any]) -> None:
    (problem,) = SchemaCheck({"Thing": SCHEMA}).problems("Thing", Document("a.yaml", data))
    assert "<U+200B>" in problem.message


def test_values_that_may_be_secrets_are_marked() -> None:
    (problem,) = SchemaCheck({"Thing": SCHEMA}).problems("Thing", Document("a.yaml", {"name": "x", "login": "hunter2"}))
    assert problem.secret
