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


def test_a_value_is_where_it_is_or_where_its_nearest_parent_does() -> None:
    assert DOCUMENT.span(("steps", 0, "name")) == Span("a.yaml", 2, 11)
    assert DOCUMENT.span(("steps", 0, "image", "tag")) == Span("a.yaml", 2, 5)
    assert DOCUMENT.span(("nothing",)) == Span("a.yaml", 1, 1)


def test_a_key_is_where_it_is_or_where_its_value_does() -> None:
    assert DOCUMENT.key_span(("steps", 0, "name")) == Span("a.yaml", 2, 5)
    assert DOCUMENT.key_span(("steps", 0)) == Span("a.yaml", 2, 5)
    assert DOCUMENT.key_span(("steps", 1)) == Span("a.yaml", 2, 3)
