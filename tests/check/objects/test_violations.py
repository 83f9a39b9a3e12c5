"""The messages of the schema check."""

from __future__ import annotations

from typing import Any

from jsonschema_rs import Draft202012Validator

from floe_compiler.check.objects.violations import Violation, nulls, violations_of, without
from tables import table


def violations(schema: dict[str, Any], value: Any) -> list[Violation]:
    validator = Draft202012Validator(schema, mask="the value")
    return [violation for error in validator.iter_errors(value) for violation in violations_of(error, schema)]


CLOSED = {"properties": {"replicas": {}, "image": {}}, "additionalProperties": False}


@table(
    "schema, value, path, message, hint",
    [
        (CLOSED, {"imag": 1}, ("imag",), "is not a known key", 'did you mean "image"?'),
        (CLOSED, {"x": 1}, ("x",), "is not a known key", "known: image, replicas"),
        ({"required": ["a"]}, {}, ("a",), "is missing", ""),
        ({"type": ["integer", "null"]}, "s3cret", (), "must be an integer", ""),
        ({"type": "integer"}, "7", (), "must be an integer", "write the number without quotes"),
        ({"type": "null"}, "s3cret", (), "must be null", ""),
        ({"oneOf": [{"type": "string"}, {"type": ["number", "null"]}]}, True, (), "must be a number or a string", ""),
        ({"enum": ["a", "b"]}, "s3cret", (), "must be one of a, b", ""),
        ({"pattern": "^a$"}, "s3cret", (), 'the value does not match "^a$"', ""),
        (
            {"properties": {"a": {"maximum": 3}}},
            {"a": 4},
            ("a",),
            "the value is greater than the maximum of 3",
            "write 3 or less",
        ),
    ],
)
def test_each_violation_is_explained_in_plain_words(
    schema: dict[str, Any], value: Any, path: Any, message: str, hint: str
) -> None:
    (violation,) = violations(schema, value)
    assert (violation.path, violation.message, violation.hint) == (path, message, hint)
    assert violation.drop == (None if message == "is missing" else path)
    assert "s3cret" not in violation.message + violation.hint


def test_other_choices_keep_the_message_of_the_validator() -> None:
    (violation,) = violations({"oneOf": [{"required": ["a"]}, {"required": ["b"]}]}, {"s3cret": "s3cret"})
    assert violation.message == "the value is not valid under any of the schemas listed in the 'oneOf' keyword"


def test_a_copy_without_some_places() -> None:
    value = {"a": [1, None, {"b": 2, 3: 4}], "c": None, "d": {"e": 5}}
    assert without(value, {("d", "e"), ("a", 0)}) == {"a": [{"b": 2}], "d": {}}
    assert value["a"] == [1, None, {"b": 2, 3: 4}]


def test_nulls_by_their_path() -> None:
    assert list(nulls({"a": [1, None, {"b": None}], "c": None, "d": ""})) == [("a", 1), ("a", 2, "b"), ("c",)]
