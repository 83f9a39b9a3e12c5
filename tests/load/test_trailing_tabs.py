"""A tab at the end of a line is a space, as kubectl reads it, unless it is part of a value."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from floe_compiler.load.trailing_tabs import without_trailing_tabs
from floe_compiler.load.yaml_reader import read_documents
from yaml_readers import HEADER, needs_kubectl, read_all_with_kubectl

TEXTS: dict[str, Any] = {
    "a:\t\n  b: 1\n": {"a": {"b": 1}},
    "a:\t\n- b\n": {"a": ["b"]},
    "a: b\t\n": {"a": "b"},
    "a: b \t \t\n": {"a": "b"},
    "a: b\t# c\n": {"a": "b"},
    "a: b\t#c\t\n": {"a": "b"},
    'a: "b"\t\n': {"a": "b"},
    "a: 'b'\t# c\n": {"a": "b"},
    "a: [1, 2]\t\n": {"a": [1, 2]},
    "a: {b: 1}\t# c\n": {"a": {"b": 1}},
    "a: |\t\n  x\n": {"a": "x\n"},
    "a: >-\t# c\n  x\n": {"a": "x"},
    "a:\n- b\t\n- c\t\n": {"a": ["b", "c"]},
    "a: b\t\n  c\n": {"a": "b c"},
    "a:\t\nb: 2\t\n": {"a": None, "b": 2},
    "a: |\n  x\t\n\n  y\t# z\nb: c\t\n": {"a": "x\t\n\ny\t# z\n", "b": "c"},
    'a: "x\t# y"\t# z\n': {"a": "x\t# y"},
    'a: "x\t\n  y"\n': {"a": "x y"},
    "a: 'é\t# x'\t# é\nb: 'x\t'\n": {"a": "é\t# x", "b": "x\t"},
    "a: |-\n  x\t\n": {"a": "x\t"},
}


@pytest.mark.parametrize("text", TEXTS)
def test_a_tab_at_the_end_of_a_line_is_a_space(text: str) -> None:
    (document,), diagnostics = read_documents(text, "f.yaml")
    assert diagnostics == []
    assert document.data == TEXTS[text]
    assert yaml.load(text, yaml.CSafeLoader) == TEXTS[text]


@needs_kubectl
def test_kubectl_reads_the_same(tmp_path: Path) -> None:
    read = read_all_with_kubectl("---\n".join(HEADER + text for text in TEXTS), tmp_path)
    values = [{key: value for key, value in document.items() if key in "abc"} for document in read]
    assert dict(zip(TEXTS, values, strict=True)) == TEXTS


@pytest.mark.parametrize("text", ["a: 1\n\t\nb: 2\n", "a:\n-\t\n", "a: 1\n\t# c\n", "a:\n\tb: 1\n", "a: 1\n\t"])
def test_tabs_that_kubectl_refuses_are_refused(text: str) -> None:
    _, (diagnostic,) = read_documents(text, "f.yaml")
    assert diagnostic.rule.code == "L008"
    with pytest.raises(yaml.YAMLError):
        yaml.load(text, yaml.CSafeLoader)


@given(st.text("ab:- \t\n#|>'\"[]{},", max_size=30))
def test_only_trailing_tabs_change(text: str) -> None:
    changed = without_trailing_tabs(text)
    assert len(changed) == len(text)
    assert [pair for pair in zip(text, changed, strict=True) if pair[0] != pair[1]] == [("\t", " ")] * sum(
        line != changed_line for line, changed_line in zip(text, changed, strict=True)
    )
    try:
        before = yaml.load(text, yaml.CSafeLoader)
    except (yaml.YAMLError, TypeError, ValueError):
        return
    assert yaml.load(changed, yaml.CSafeLoader) == before


def test_many_tabs_are_fast() -> None:
    text = "".join(f"key{number}: 'a'\t# b\n" for number in range(30_000))
    assert not re.search(r"\t", without_trailing_tabs(text))
