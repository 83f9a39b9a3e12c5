"""Values of an entry that its chart does not read."""

from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec.structs import replace

from chart_mesh import WEB, encoded
from charts.test_objects import USE
from floe_compiler.charts.unread_values import check_values
from floe_compiler.model.diagnostics import Findings
from floe_compiler.model.span import Span

KEY = Span("platform-manifest.yaml", 9, 7)


def warned(values: dict[str, Any], **files: str) -> list[tuple[str, str, str, Span | None]]:
    """Return code, message, hint and place of each warning about the values of the chart, with further files."""
    findings = Findings()
    use = replace(USE, values=json.dumps(values).encode(), places={"replcas": KEY})
    named = {f"templates/{name}.yaml": text for name, text in files.items() if name != "chart"}
    check_values(use, encoded({**WEB, **named, "Chart.yaml": WEB["Chart.yaml"] + files.get("chart", "")}), findings)
    return [
        (diagnostic.rule.code, diagnostic.message, diagnostic.hint, diagnostic.span)
        for diagnostic in findings.diagnostics
    ]


def test_a_misspelt_key_is_reported_at_its_place() -> None:
    assert warned({"replcas": 2, "image": {"tgs": "1"}}) == [
        ("H017", "the chart web 1.0.0 reads no value replcas", 'did you mean "replicas"?', KEY)
    ]


@pytest.mark.parametrize(
    ("key", "files"),
    [
        ("replicas", {}),
        ("global", {}),
        ("elsewhere", {}),  # similar to no known key: it may be for another version
        ("greetings", {"a": "{{ .Values.greetings }}"}),
        ("greetings", {"a": "{{ .root.Values.greetings | quote }}"}),
        ("greetings", {"a": '{{ index .Values "greetings" }}'}),
        ("greetings", {"a": "{{ toYaml $.Values }}"}),
        ("greetings", {"chart": "dependencies: [{name: greetings}]\n"}),
        ("greetings", {"chart": "dependencies: [{name: a, alias: greetings}]\n"}),
        ("greetings", {"chart": "dependencies: [{name: a, condition: 'a.x,greetings.enabled'}]\n"}),
    ],
)
def test_keys_that_templates_may_read_are_accepted(key: str, files: dict[str, str]) -> None:
    assert warned({key: 1}, **files) == []


def test_keys_of_a_schema_or_a_subchart_are_accepted() -> None:
    findings = Findings()
    further = {"values.schema.json": '{"properties": {"replcas": {}}}', "charts/imagee/Chart.yaml": "name: imagee\n"}
    use = replace(USE, values=b'{"replcas": 1, "imagee": {}}')
    check_values(use, encoded({**WEB, **further}), findings)
    assert not findings.diagnostics
