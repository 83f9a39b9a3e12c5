"""Objects that Argo CD or Flux would lose, change or fail on."""

from __future__ import annotations

from typing import Any

import pytest

from check.samples import resource, sample
from floe_compiler.check.objects.delivered import check

ANNOTATION = "config.kubernetes.io/local-config"
MARKER = "+argocd:skip-file-rendering"


def messages(tool: str, annotations: dict[str, str] | None = None, **fields: Any) -> list[str]:
    platform = sample()
    platform.facts["delivery_tool"] = tool
    toy = platform.add(resource("example.com/v1", "Toy", "bear", **fields))
    toy["metadata"]["annotations"] = annotations or {}
    findings = platform.findings(check)
    assert {(code, subject) for code, subject, _ in findings} <= {("C180", "Toy.example.com floe-platform/bear")}
    return [message for _, _, message in findings]


@pytest.mark.parametrize("character", ["\x7f", "\x80", "\x85", "\x9f", "\ufffe", "\uffff"])
def test_characters_at_which_kustomize_fails(character: str) -> None:
    message = f"data.a has the character U+{ord(character):04X}, at which Flux' kustomize fails"
    assert messages("flux", data={"a": f"x{character}y", "b": "fine"}) == [message]
    assert messages("argocd", data={"a": f"x{character}y"}) == []


@pytest.mark.parametrize("character", ["\t", "\n", "\u00a0", "\u00e9", "\u2028", "\ufeff", "\ufffd", "\U0001f600"])
def test_other_characters_are_fine(character: str) -> None:
    assert messages("flux", data={"a": f"x{character}y"}) == []


def test_such_characters_are_found_in_keys_and_lists() -> None:
    assert messages("flux", data={"a\x85": "b"}, items=[{"c": "\x7f"}]) == [
        "data.a\\x85 is a key that has the character U+0085, at which Flux' kustomize fails",
        "items[0].c has the character U+007F, at which Flux' kustomize fails",
    ]


def test_a_merge_key_is_dropped_by_kustomize() -> None:
    assert messages("flux", data={"<<": "a", "b": "<<: c"}) == ["data.<< is a key that Flux' kustomize drops"]
    assert messages("argocd", data={"<<": "a"}) == []


@pytest.mark.parametrize(("value", "leaves_out"), [("true", True), ("", True), ("x", True), ("false", False)])
def test_an_annotation_with_which_kustomize_leaves_an_object_out(value: str, leaves_out: bool) -> None:
    message = f"metadata.annotations[{ANNOTATION}] makes Flux' kustomize leave the object out"
    assert messages("flux", data={"a": ANNOTATION}, annotations={ANNOTATION: value}) == (
        [message] if leaves_out else []
    )
    assert messages("argocd", data={"a": ANNOTATION}, annotations={ANNOTATION: value}) == []


def test_words_with_which_argo_cd_skips_a_file() -> None:
    message = f'data.a has "{MARKER}" in it, so that Argo CD would skip the file'
    assert messages("argocd", data={"a": f"see {MARKER}."}) == [message]
    assert messages("flux", data={"a": MARKER}) == []
