"""Merged data against the models: every error is at the location of the value, with a hint."""

from __future__ import annotations

from ipaddress import IPv6Network
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import AfterValidator, Field

from floe_compiler.model.diagnostics import Diagnostic, Findings
from floe_compiler.model.document import Document
from floe_compiler.model.inputs import Input
from floe_compiler.model.span import Span
from floe_compiler.resolve.layers import Layer, merge
from floe_compiler.resolve.validation import data_path, validate
from resolve.samples import merged


def lower(text: str) -> str:
    if text != text.lower():
        raise ValueError(f'"{text}" has capital letters; write "{text.lower()}"')
    return text


Lower = Annotated[str, AfterValidator(lower)]


Code = Annotated[str, AfterValidator(lower), Field(json_schema_extra={"pattern": "^[^A-Z]+$"})]


class Cat(Input):
    """One branch of a union."""

    type: Literal["cat"]
    lives: int = 9


class Dog(Input):
    """The other branch."""

    type: Literal["dog"]
    tricks: tuple[Lower, ...] = Field(default=(), strict=False)


class Bird(Input):
    """A branch that must have something."""

    type: Literal["bird"]
    song: str


class Door(Input):
    """Something that names a secret."""

    secret: str
    key: str


class House(Input):
    """A model with everything that documents have."""

    name: Lower
    size: Literal["small", "large"] = "small"
    pet: Annotated[Cat | Dog, Field(discriminator="type")] | None = None
    guest: Annotated[Cat | Bird, Field(discriminator="type")] | None = None
    pets: Annotated[
        tuple[Annotated[Cat | Dog, Field(discriminator="type")], ...], Field(min_length=1, strict=False)
    ] = (Cat(type="cat"),)
    labels: dict[Lower, Lower] = {}
    door: Door | None = None
    code: Code = "x"
    net: IPv6Network | None = Field(default=None, strict=False)


def mistakes(*data: dict[str, Any]) -> list[tuple[str, str, str, str]]:
    return [(problem.rule.code, str(problem.span), problem.message, problem.hint) for problem in problems(*data)]


def problems(*data: dict[str, Any]) -> list[Diagnostic]:
    findings = Findings()
    assert validate(House, merged(*data), (), findings) is None
    return findings.diagnostics


def test_valid_data_becomes_the_model() -> None:
    findings = Findings()
    house = validate(House, merged({"name": "x"}, {"pets": [{"type": "dog", "tricks": ["sit"]}]}), (), findings)
    assert house == House(name="x", pets=(Dog(type="dog", tricks=("sit",)),))
    assert findings.diagnostics == []


@pytest.mark.parametrize(
    ("data", "message", "line", "hint"),
    [
        ({"name": "x", "size": "larg"}, 'size: "larg" is not a known value', "3:5", 'did you mean "large"?'),
        ({"name": "X"}, 'name: "X" has capital letters', "2:5", 'write "x"'),
        ({"name": "x", "pet": {"type": "cow"}}, 'pet.type: "cow" is not a known value', "4:5", "known: cat, dog"),
        ({"name": "x", "pets": [{"type": "dog", "tricks": ["A"]}]}, 'pets[0].tricks[0]: "A" has', "7:5", 'write "a"'),
        ({"name": "x", "labels": {"a": "B"}}, 'labels.a: "B" has capital letters', "4:5", 'write "b"'),
        ({"name": "x", "labels": {"A": "b"}}, 'labels.A: "A" has capital letters', "4:1", 'write "a"'),
        ({"name": "x", "labels": {"[key]": 5}}, "labels.[key]: ", "4:", ""),
        ({"name": "x", "pets": []}, "pets: the list is empty", "3:5", "give it at least one entry"),
        (
            {"name": "x", "door": "a"},
            "door: the value is not a mapping or nothing",
            "3:5",
            "write a mapping with `secret:` and `key:`",
        ),
    ],
)
def test_a_wrong_value_is_reported_at_its_place(data: dict[str, Any], message: str, line: str, hint: str) -> None:
    ((code, span, actual, mended),) = mistakes(data)
    assert code == "R003"
    assert actual.startswith(message)
    assert span.startswith(f"0.yaml:{line}")
    assert mended.startswith(hint)


@pytest.mark.parametrize(
    ("data", "message", "line", "hint"),
    [
        ({"name": "x", "sise": 1}, "sise is not a known key", "3:1", 'did you mean "size"?'),
        (
            {"name": "x", "pet": {"type": "cat", "live": 1}},
            'pet.live is not a known key of type "cat"',
            "5:1",
            'did you mean "lives"?',
        ),
        (
            {"name": "x", "pets": [{"type": "cat"}, {"type": "dog", "trick": []}]},
            "pets[1].trick is not a known key",
            "8:1",
            'did you mean "tricks"?',
        ),
    ],
)
def test_an_unknown_key_is_reported_at_its_place(data: dict[str, Any], message: str, line: str, hint: str) -> None:
    assert mistakes(data) == [("R001", f"0.yaml:{line}", message, hint)]


def test_a_misspelt_key_is_one_error() -> None:
    assert mistakes({"nmae": "x"}) == [("R001", "0.yaml:2:1", "nmae is not a known key", 'did you mean "name"?')]
    assert mistakes({"name": "x", "door": {"secrt": "a", "kye": "b"}}) == [
        ("R001", "0.yaml:4:1", "door.secrt is not a known key", 'did you mean "secret"?'),
        ("R001", "0.yaml:5:1", "door.kye is not a known key", 'did you mean "key"?'),
    ]


def test_a_misspelt_type_is_one_error_though_another_layer_gives_the_type() -> None:
    (problem,) = problems({"name": "x", "pet": {"type": "cat"}}, {"pet": {"typ": "dog", "tricks": []}})
    assert (str(problem.span), problem.hint) == ("1.yaml:3:1", 'did you mean "type"?')


def test_a_missing_key_is_reported_where_it_belongs() -> None:
    assert mistakes({"size": "small"}) == [("R002", "0.yaml:1:1", "name is missing", "add `name:`")]
    assert mistakes({"name": "x", "pet": {}}) == [
        ("R002", "0.yaml:3:5", "pet.type is missing", "add `type:`, one of cat, dog")
    ]
    findings = Findings()
    assert validate(House, merged({"a": {"house": {"size": "small"}}}), ("a", "house"), findings) is None
    (diagnostic,) = findings.diagnostics
    assert (str(diagnostic.span), diagnostic.message) == ("0.yaml:3:5", "a.house.name is missing")


def test_a_missing_key_is_reported_with_the_change_of_type_that_dropped_it() -> None:
    weaker = {"name": "x", "guest": {"type": "cat", "lives": 7}}
    (problem,) = problems(weaker, {"guest": {"type": "bird"}})
    assert (problem.rule.code, problem.message) == ("R002", "guest.song is missing")
    assert [(str(related.span), related.note) for related in problem.related] == [
        ("0.yaml:4:5", 'these settings are for type "cat", not "bird"')
    ]
    assert problems(weaker | {"guest": {"type": "bird"}})[0].related == ()


def test_an_unknown_key_is_reported_with_the_file_that_chose_the_type() -> None:
    (problem,) = problems({"name": "x", "pet": {"type": "cat"}}, {"pet": {"tricks": []}})
    assert problem.message == 'pet.tricks is not a known key of type "cat"'
    assert [(str(related.span), related.note) for related in problem.related] == [
        ("0.yaml:4:5", "the type is chosen here")
    ]
    assert problems({"name": "x", "pet": {"type": "cat", "tricks": []}})[0].related == ()


def test_a_list_that_only_lacks_its_wrong_entries_is_not_called_short() -> None:
    assert [mistake[2] for mistake in mistakes({"name": "x", "pets": [{"type": "cow"}]})] == [
        'pets[0].type: "cow" is not a known value'
    ]


def test_errors_of_validators_are_found_together_with_those_of_the_schema() -> None:
    reported = mistakes({"name": "X", "labels": {"a": "B"}, "net": "10.0.0.0/8", "more": 1})
    assert [message for _, _, message, _ in sorted(reported)] == [
        "more is not a known key",
        'name: "X" has capital letters',
        'labels.a: "B" has capital letters',
        "net: input is not a valid IPv6 network",
    ]


def test_a_value_that_schema_and_validator_refuse_is_one_error() -> None:
    ((_, span, message, _),) = mistakes({"name": "x", "code": "X"})
    assert (span, message) == ("0.yaml:3:5", "code: 'X' does not match '^[^A-Z]+$'")


def test_all_mistakes_are_reported_each_in_its_layer() -> None:
    reported = mistakes({"name": "X", "size": "small"}, {"size": "big", "more": 1})
    assert [(code, span) for code, span, _, _ in sorted(reported)] == [
        ("R001", "1.yaml:3:1"),
        ("R003", "0.yaml:2:5"),
        ("R003", "1.yaml:2:5"),
    ]


def test_a_wrong_value_is_reported_with_what_it_overrode() -> None:
    (problem,) = problems({"name": "x", "size": "large"}, {"size": "big"})
    assert [(str(related.span), related.note) for related in problem.related] == [("0.yaml:3:5", 'overrides "large"')]


def test_a_number_instead_of_text_is_shown_as_written() -> None:
    document = Document("a.yaml", {"name": 1.1}, {}, {("name",): Span("a.yaml", 1, 7)}, {("name",): "1.10"})
    findings = Findings()
    validate(House, merge([Layer("a.yaml", document.data, document)]), (), findings)
    (diagnostic,) = findings.diagnostics
    assert diagnostic.message == "name: 1.10 is not text"
    assert diagnostic.hint == 'quote it: "1.10"'


def test_a_part_of_the_data_is_validated_at_its_own_place() -> None:
    findings = Findings()
    assert validate(Cat, merged({"house": {"pet": {"type": "cat", "lives": "x"}}}), ("house", "pet"), findings) is None
    (diagnostic,) = findings.diagnostics
    assert (str(diagnostic.span), diagnostic.message.split(":")[0]) == ("0.yaml:5:5", "house.pet.lives")


STEPS = st.sampled_from(["a", "b", 0, 1])
TREES = st.recursive(
    st.none(),
    lambda inner: (
        st.dictionaries(st.sampled_from(["a", "b"]), inner, min_size=1) | st.lists(inner, min_size=1, max_size=2)
    ),
    max_leaves=8,
)


@given(TREES, st.data())
def test_the_path_of_an_error_has_no_tags_of_unions(tree: Any, data: st.DataObject) -> None:
    """Pydantic puts tags between the steps; a tag is never a key of its mapping."""
    path: list[str | int] = []
    location: list[str | int] = []
    node = tree
    while node is not None and data.draw(st.booleans()):
        if isinstance(node, dict) and data.draw(st.booleans()):
            location.append("tag")
        step = data.draw(st.sampled_from(sorted(node) if isinstance(node, dict) else range(len(node))))
        path.append(step)
        location.append(step)
        node = node[step]
    assert data_path(tree, tuple(location)) == tuple(path)


@pytest.mark.parametrize(
    ("data", "secret"),
    [
        ({"door": "hunter2"}, True),
        ({"door": {"value": "hunter2"}}, True),
        ({"guest": "x"}, False),
        ({"guest": {"type": "bird", "value": "x"}}, False),
    ],
)
def test_the_line_is_not_shown_where_a_secret_value_may_be(data: dict[str, Any], secret: bool) -> None:
    reported = problems({"name": "x"} | data)
    assert {problem.secret for problem in reported} == {secret}


@pytest.mark.parametrize("value", ["app:hunter2@H", "password=hunter2 X"])
def test_a_value_that_may_be_a_secret_is_never_shown(
    value: str,
) -> None:
    (problem,) = problems({"name": value}, {"name": f"{value}2"})
    assert (problem.rule.code, problem.message, problem.secret) == ("R003", "name: the value is not allowed here", True)
    assert "may hold a secret" in problem.hint
    assert [related.note for related in problem.related] == ["overrides another value"]
