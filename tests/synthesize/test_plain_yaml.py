"""YAML that components ship: read as data, or refused with the file's name."""

from __future__ import annotations

import pytest

from floe_compiler.model.diagnostics import StageFailed
from floe_compiler.model.facts import PlainYaml
from floe_compiler.synthesize.plain_yaml import NOT_READABLE, read

HEAD = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"


def objects(text: str) -> list[object]:
    return [*read(PlainYaml("crds.yaml", text), "portal simple").objects]


def test_documents_become_objects_and_empty_ones_are_left_out() -> None:
    text = f"---\n# nothing\n---\n{HEAD}data: {{a: 0o17, b: yes, 10: x}}\n---\n{HEAD}"
    shipped = read(PlainYaml("crds.yaml", text), "portal simple")
    assert shipped.text == text
    assert [manifest["kind"] for manifest in shipped.objects] == ["ConfigMap", "ConfigMap"]
    assert shipped.objects[0]["data"]["b"] == "yes", "as YAML 1.2 has it"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a: [1", "crds.yaml: while parsing a flow sequence"),
        ("a: 1\na: 2\n", "crds.yaml: while constructing a mapping"),
        (f"{HEAD}---\n- 1\n", "crds.yaml: object 2 has no apiVersion, kind or metadata.name"),
        ("https://example.com/all.yaml", "crds.yaml: object 1 has no apiVersion, kind or metadata.name"),
        ("kind: ConfigMap\nmetadata: {name: a}\n", "crds.yaml: object 1 has no apiVersion, kind or metadata.name"),
        (HEAD.replace("a}", "1}"), "crds.yaml: object 1 has no apiVersion, kind or metadata.name"),
        (HEAD.replace("{name: a}", "x"), "crds.yaml: object 1 has no apiVersion, kind or metadata.name"),
    ],
)
def test_documents_that_are_not_objects_are_refused(text: str, problem: str) -> None:
    with pytest.raises(StageFailed) as failed:
        objects(text)
    (diagnostic,) = failed.value.diagnostics
    assert (diagnostic.rule, diagnostic.subject) == (NOT_READABLE, "portal simple")
    assert diagnostic.message.startswith(problem)
