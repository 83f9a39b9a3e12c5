"""The values of a patch in a kustomization.yaml have their places in that file."""

from __future__ import annotations

from pathlib import Path

import pytest

from floe_compiler.load.input_tree import read_inputs
from floe_compiler.load.yaml_reader import read_documents
from floe_compiler.model.diagnostics import Findings
from floe_compiler.overlay.allowed_fields import value_at
from floe_compiler.overlay.inline_patches import inline_documents
from floe_compiler.overlay.source import Source

PATH = ("patches", 0, "patch")
FILE = "base/kustomization.yaml"


@pytest.mark.parametrize(
    ("patch_", "expected"),
    [
        pytest.param("|-\n    a: 1\n    b:\n      c: 2\n", "5:10", id="a block"),
        pytest.param("|\n\n    b:\n      c: 2\n    # end\n", "5:10", id="an empty line first"),
        pytest.param("|- # why\n      b:\n        c: 2\n", "4:12", id="a comment"),
        pytest.param("|+2\n     b:\n      c: 2\n", "2:10", id="an indentation by number"),
        pytest.param(">-\n    {b:\n    {c: 2}}\n", "2:10", id="a folded block"),
        pytest.param('"{b: {c: 2}}"\n', "2:10", id="a text in quotes"),
    ],
)
def test_a_value_of_an_inline_patch_has_its_place(tmp_path: Path, patch_: str, expected: str) -> None:
    text = f"patches:\n- patch: {patch_}"
    (tmp_path / FILE).parent.mkdir()
    (tmp_path / FILE).write_text(text, encoding="utf-8")
    ((document,), _) = read_documents(text, FILE)
    findings = Findings()
    source = Source(read_inputs(tmp_path), read_documents, findings)
    (patch,) = inline_documents(source, FILE, str(value_at(document, PATH)), document.span(PATH))
    assert findings.diagnostics == []
    assert patch.span(()) == document.span(PATH)
    span = patch.span(("b", "c"))
    assert f"{span.line}:{span.column}" == expected
