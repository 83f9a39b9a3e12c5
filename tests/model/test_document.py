"""Paths in documents, and their locations."""

from __future__ import annotations

from floe_compiler.model.document import Document, show_path
from floe_compiler.model.span import Span

DOCUMENT = Document(
    "a.yaml",
    {"steps": [{"name": "x"}]},
    keys={("steps",): Span("a.yaml", 1, 1), ("steps", 0, "name"): Span("a.yaml", 2, 5)},
    values={
        ("steps",): Span("a.yaml", 2, 3),
        ("steps", 0): Span("a.yaml", 2, 5),
        ("steps", 0, "name"): Span("a.yaml", 2, 11),
    },
)


def test_a_path_in_readable_form() -> None:
    assert show_path(("spec", "steps", 0, "kind")) == "spec.steps[0].kind"
    assert show_path(()) == ""


def test_the_place_of_a_missing_value_is_that_of_its_nearest_parent() -> None:
    assert DOCUMENT.span(("steps", 0, "name")) == Span("a.yaml", 2, 11)
    assert DOCUMENT.span(("steps", 0, "image", "tag")) == Span("a.yaml", 2, 5)
    assert DOCUMENT.span(("nothing",)) == Span("a.yaml", 1, 1)


def test_the_place_of_a_missing_key_is_that_of_its_value() -> None:
    assert DOCUMENT.key_span(("steps", 0, "name")) == Span("a.yaml", 2, 5)
    assert DOCUMENT.key_span(("steps", 0)) == Span("a.yaml", 2, 5)
    assert DOCUMENT.key_span(("steps", 1)) == Span("a.yaml", 2, 3)
