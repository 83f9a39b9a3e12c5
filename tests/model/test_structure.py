"""Data against schemas: each mistake has a message and a hint."""

from __future__ import annotations

from typing import Any

import pytest

from floe_compiler.model.document import DataPath, show_path
from floe_compiler.model.structure import Structure, without_consequences
from tables import table

VERSION = {"type": "string", "pattern": "^1", "patternErrorMessage": 'write a one, such as "1"'}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "count": {"type": "integer", "minimum": 1},
        "ratio": {"type": "number"},
        "timeout": {"type": "string", "examples": ["90s", "1h30m"]},
        "on": {"type": "boolean"},
        "steps": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/Step"}},
        "scale": {"enum": ["light", "heavy"]},
        "kind": {"const": "Thing"},
        "version": {"anyOf": [VERSION, {"type": "null"}]},
        "quota": {"anyOf": [{"$ref": "#/$defs/Step"}, {"type": "null"}]},
        "password": {"type": "string", "pattern": "^[0-9]+$"},
        "pull_secret": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        "variables": {"type": "object", "additionalProperties": {"type": "string"}},
        "dns": {
            "type": "object",
            "properties": {
                "preset": {"enum": ["here", "there"], "default": "here"},
                "port": {"type": "integer", "default": 53},
            },
        },
        "tests": {
            "type": "object",
            "properties": {
                "enabled": {"type": "boolean", "default": False},
                "denied": {"type": "integer", "default": 1},
            },
        },
        "namespaces": {"type": "object", "properties": {"pattern": {"type": "string", "default": "{scope}"}}},
        "login": {"anyOf": [{"$ref": "#/$defs/SecretKey"}, {"type": "null"}]},
    },
    "required": ["name"],
    "additionalProperties": False,
    "$defs": {
        "SecretKey": {
            "type": "object",
            "properties": {"secret": {"type": "string"}, "key": {"type": "string"}},
            "required": ["secret", "key"],
            "additionalProperties": False,
        },
        "Step": {
            "type": "object",
            "properties": {"kind": {"type": "string"}, "image": {"type": "string"}},
            "required": ["kind", "image"],
            "additionalProperties": False,
        },
    },
}
VALID: dict[str, Any] = {"name": "x"}


def problems(data: Any, raw: str = "") -> list[tuple[str, str]]:
    """Return the message and the hint of each problem; `raw` is the source text of every value that is not text."""
    spelled: dict[DataPath, str] = (
        {(key,): raw for key, value in data.items() if not isinstance(value, str)} if raw else {}
    )
    mistakes = Structure(SCHEMA).mistakes(data, lambda path: spelled.get(path, ""))
    return [(mistake.message(show_path(mistake.path)), mistake.hint) for mistake in mistakes]


def test_valid_data_has_no_problems() -> None:
    assert problems(VALID | {"version": None, "steps": [{"kind": "a", "image": "b"}], "ratio": 1.5, "on": True}) == []


@table(
    "data, message, hint",
    [
        ({"count": 2}, "name is missing", "add `name:`"),
        (VALID | {"nmae": 1}, "nmae is not a known key", 'did you mean "name"?'),
        (VALID | {"steps": []}, "steps: the list is empty", "give it at least one entry"),
        (VALID | {"steps": {}}, "steps: a mapping is not a list", 'write a list: each entry begins with "- "'),
        (VALID | {"steps": [{"kind": "a", "image": []}]}, "steps[0].image: a list is not text", ""),
        (VALID | {"scale": "hevy"}, 'scale: "hevy" is not a known value', 'did you mean "heavy"?'),
        (VALID | {"scale": []}, "scale: a list is not a known value", "known: heavy, light"),
        (VALID | {"kind": "Thong"}, 'kind: "Thong" is not a known value', 'did you mean "Thing"?'),
        (VALID | {"count": 0}, "count: 0 is less than the minimum of 1", "write 1 or more"),
        (VALID | {"count": "two"}, 'count: "two" is not a whole number', "write a whole number from 1, in digits"),
        (VALID | {"ratio": "x"}, 'ratio: "x" is not a number', ""),
        (VALID | {"dns": "there"}, 'dns: "there" is not a mapping', "write {preset: there}"),
        (VALID | {"tests": True}, "tests: true is not a mapping", "write {enabled: true}"),
        (VALID | {"dns": "where"}, 'dns: "where" is not a mapping', "write a mapping; known: port, preset"),
        (
            VALID | {"namespaces": "x-{scope}"},
            'namespaces: "x-{scope}" is not a mapping',
            'write {pattern: "x-{scope}"}',
        ),
        (VALID | {"on": 1}, "on: 1 is not true or false", ""),
        (VALID | {"version": []}, "version: a list is not text or nothing", ""),
        (VALID | {"quota": 5}, "quota: 5 is not a mapping or nothing", "write a mapping with `kind:` and `image:`"),
        (VALID | {"pull_secret": {"auth": "hunter2"}}, "pull_secret: a mapping is not text or nothing", ""),
        (VALID | {"variables": {"A": None}}, "variables.A: there is no value", "write one, or delete the key"),
        (VALID | {"timeout": 90}, "timeout: 90 is not text", 'write, for example, "90s"'),
        (VALID | {"timeout": None}, "timeout: there is no value", 'write, for example, "90s"'),
    ],
)
def test_each_error_is_reported_in_words(data: Any, message: str, hint: str) -> None:
    assert problems(data) == [(message, hint)]


def test_an_error_in_a_choice_is_that_of_the_intended_branch() -> None:
    assert sorted(problems(VALID | {"quota": {"kind": "a"}})) == [("quota.image is missing", "add `image:`")]
    assert problems(VALID | {"version": "2"}) == [
        ('version: "2" does not have the expected form', 'write a one, such as "1"')
    ]


def test_all_errors_are_reported() -> None:
    problems_ = problems({"steps": [{"kimd": "a"}, {"kind": 1, "image": "x"}]})
    assert sorted(message for message, _ in problems_) == [
        "name is missing",
        "steps[0].image is missing",
        "steps[0].kimd is not a known key",
        "steps[0].kind is missing",
        "steps[1].kind: 1 is not text",
    ]


def test_a_number_instead_of_text_is_shown_as_written() -> None:
    assert problems({"name": 1.1}, raw="1.10") == [("name: 1.10 is not text", 'quote it: "1.10"')]
    assert problems(VALID | {"version": 1.1}, raw="1.10") == [
        ("version: 1.10 is not text or nothing", 'quote it: "1.10"')
    ]
    assert problems(VALID | {"steps": 5}, raw="5") == [("steps: 5 is not a list", "")]


@pytest.mark.parametrize("value", ["hunter2", 815, ["hunter2"], {"a": "hunter2"}])
def test_a_secret_is_never_shown(value: Any) -> None:
    ((message, hint),) = problems(VALID | {"password": value}, raw="815")
    assert message.startswith("password: ")
    assert "hunter2" not in message + hint
    assert "815" not in message + hint


def test_values_that_look_like_secrets_are_never_shown() -> None:
    ((message, hint),) = problems(VALID | {"steps": "x postgresql://app:hunter2@db/app"})
    assert message == "steps: the value is not a list"
    assert "hunter2" not in hint


def test_an_error_in_a_union_is_that_of_the_intended_branch() -> None:
    assert problems(VALID | {"quota": {"kind": "a", "image": "b", "more": 1}}) == [
        ("quota.more is not a known key", "known: image, kind")
    ]


@pytest.mark.parametrize("login", ["hunter2", {"value": "hunter2"}, {"secret": "db", "key": "x", "value": "hunter2"}])
def test_a_value_instead_of_a_secrets_name_is_never_shown(login: Any) -> None:
    mistakes = Structure(SCHEMA).mistakes(VALID | {"login": login}, lambda _: "")
    assert mistakes
    for problem in mistakes:
        assert problem.secret
        assert "hunter2" not in problem.text + problem.hint


@pytest.mark.parametrize(
    ("step", "messages"),
    [
        ({"kimd": "a", "image": "x"}, ["kimd is not a known key"]),
        ({"kimd": "a", "imgae": "x"}, ["imgae is not a known key", "kimd is not a known key"]),
        ({"kimd": "a", "knd": "b", "image": "x"}, ["kimd is not a known key", "knd is not a known key"]),
        ({"kimd": "a"}, ["image is missing", "kimd is not a known key"]),
        ({"zzz": "a", "image": "x"}, ["kind is missing", "zzz is not a known key"]),
        ({}, ["image is missing", "kind is missing"]),
    ],
)
def test_a_misspelt_key_is_not_reported_as_missing_too(step: dict[str, Any], messages: list[str]) -> None:
    mistakes = without_consequences(Structure(SCHEMA).mistakes(VALID | {"steps": [step]}, lambda _: ""))
    assert sorted(mistake.message(show_path(mistake.path[2:])) for mistake in mistakes) == messages


def test_a_misspelt_key_hides_no_missing_key_of_another_mapping() -> None:
    steps = [{"kimd": "a", "image": "x"}, {"image": "x"}]
    mistakes = without_consequences(Structure(SCHEMA).mistakes(VALID | {"steps": steps}, lambda _: ""))
    assert sorted(show_path(mistake.path) for mistake in mistakes) == ["steps[0].kimd", "steps[1].kind"]


def test_a_misspelt_type_is_the_only_error() -> None:
    schema = {"type": "object", "properties": {"type": {}, "a": {"type": "string"}}, "additionalProperties": False}
    data = {"typ": "x", "a": 1, "b": 2}
    mistakes = without_consequences(Structure(schema).mistakes(data, lambda _: ""))
    assert [(mistake.path, mistake.hint) for mistake in mistakes] == [(("typ",), 'did you mean "type"?')]
