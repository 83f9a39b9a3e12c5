"""The output of helm is read as helm and Kubernetes read it."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest

from floe_compiler.charts.templates import NotAnObject, first_difference, objects_in
from floe_compiler.overlay.kustomize import find_kustomize

HEAD = "---\n# Source: web/templates/a.yaml\n"
CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n"

WORDS = (
    *("true", "True", "yes", "no", "on", "OFF", "y", "N", "null", "~", "''", "'yes'"),
    *(
        "1",
        "-1",
        "+1",
        "0",
        "0644",
        "0o644",
        "0x1F",
        "0b101",
        "1_000",
        "08",
        "-09",
        "0_7",
        "1.5",
        "1.",
        ".5",
        "1e3",
        "1E-2",
        "1e+3",
    ),
    *(
        "12:30:45",
        "2026-01-01",
        "2026-01-01T00:00:00Z",
        "=",
        "1.2.3",
        "v1",
        "-a",
        "nan",
        "infinity",
        "1e",
        "e1",
        "0.10",
    ),
)


def printed(*documents: str) -> str:
    return "".join(f"{HEAD}{document}" for document in documents)


def test_each_object_has_its_template() -> None:
    text = f"{HEAD}{CONFIG}---\n# Source: web/charts/sub/templates/b.yaml\n{CONFIG}---\n# Source: web/crds/c.yaml\n"
    text += f"{CONFIG}---\n{CONFIG}"
    assert [template for template, _ in objects_in(text)] == [
        "templates/a.yaml",
        "charts/sub/templates/b.yaml",
        "crds/c.yaml",
        "crds/c.yaml",
    ]


def test_a_list_is_expanded_and_an_empty_document_ignored() -> None:
    listed = "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: ConfigMap\n  metadata: {name: a}\n"
    assert [
        manifest["metadata"]["name"] for _, manifest in objects_in(printed("# nothing\n", listed, "---\n", "null\n"))
    ] == ["a"]


def test_aliases_are_copies() -> None:
    ((_, manifest),) = objects_in(printed(f"{CONFIG}data: &all {{a: b}}\nmore: *all\n"))
    assert manifest["data"] == manifest["more"]
    assert manifest["data"] is not manifest["more"]


def as_kubectl_reads(text: str) -> Any:
    """Return an object as kubectl reads it, with the same library as helm."""
    command = [find_kustomize()[0], "label", "--local", "-f", "-", "-o", "json", "a=b"]
    run = subprocess.run(command, input=text, capture_output=True, text=True, check=True)
    return json.loads(run.stdout)


def test_plain_scalars_are_read_as_by_kubernetes() -> None:
    document = "apiVersion: acme.example/v1\nkind: Thing\nmetadata: {name: a}\nspec:\n"
    document += "".join(f"  k{number}: {word}\n" for number, word in enumerate(WORDS))
    ((_, manifest),) = objects_in(printed(document))
    expected = as_kubectl_reads(document)["spec"]
    assert {WORDS[int(key[1:])]: manifest["spec"].get(key) for key in expected} == {
        WORDS[int(key[1:])]: value for key, value in expected.items()
    }
    assert {type(manifest["spec"][key]) for key in expected} == {type(value) for value in expected.values()}


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        ("just text\n", "no mapping with metadata"),
        ("a: b\n", "no mapping with metadata"),
        ("apiVersion: v1\nkind: ConfigMap\nmetadata: {}\n", "without metadata.name"),
        ("metadata: {name: a}\n", "without apiVersion and kind"),
        ("a: [\n", "no YAML"),
        ("a: !!python/object:os.system x\n", "no YAML"),
    ],
)
def test_documents_that_are_not_objects_are_refused(document: str, problem: str) -> None:
    with pytest.raises(NotAnObject, match=problem) as caught:
        list(objects_in(printed(document)))
    assert caught.value.template == "templates/a.yaml"


def test_the_first_difference_is_found_and_hidden() -> None:
    first, second = (printed(CONFIG, f"{CONFIG}data:\n  password: {word}\n") for word in ("x", "y"))
    assert first_difference(first, second) == ("templates/a.yaml", "password: x")
    assert first_difference(first, first) == ("", "")
