"""Mistakes across several files, and those that only a caller without the schemas can make."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from floe_compiler.components import registry
from floe_compiler.model.diagnostics import Findings, StageFailed
from floe_compiler.model.document import Document
from floe_compiler.model.span import Span
from floe_compiler.resolve.layers import Layer, merge
from floe_compiler.resolve.slots import configured
from plans import plan_mesh
from small_mesh import small_mesh


def test_without_any_environment_there_is_nothing_to_compile(tmp_path: Path) -> None:
    shutil.rmtree(small_mesh(tmp_path, {}) / "overlays")
    with pytest.raises(StageFailed) as failed:
        plan_mesh(tmp_path)
    (diagnostic,) = failed.value.diagnostics
    assert (diagnostic.rule.code, diagnostic.hint) == ("R017", "write overlays/dev/environment.yaml")


def test_an_unknown_type_of_component_is_an_error() -> None:
    span = Span("platform-manifest.yaml", 4, 9)
    document = Document(span.file, {"catalog": {"type": "polari"}}, {}, {("catalog", "type"): span})
    findings = Findings()
    assert configured(registry(), "catalog", merge([Layer(span.file, document.data, document)]), findings) is None
    (diagnostic,) = findings.diagnostics
    assert (diagnostic.rule.code, diagnostic.span, diagnostic.hint) == ("R003", span, 'did you mean "polaris"?')
