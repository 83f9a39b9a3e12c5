"""Which texts Argo CD and Flux do not deliver, compared with a real kustomize."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from floe_compiler.model.delivered_texts import SKIPPED_BY_ARGO_CD, undelivered, why_undelivered
from floe_compiler.model.yaml_text import to_yaml
from floe_compiler.overlay.kustomize import KustomizeError, find_kustomize, run_kustomize
from yaml_readers import needs_kubectl, read_with_kubectl

CHARACTERS = (
    *range(1, 0x250),
    *range(0x2000, 0x2070),
    *range(0xD7F0, 0xD800),
    *range(0xE000, 0xE010),
    *range(0xFE00, 0xFE10),
    *range(0xFEF0, 0x10010),
    *range(0x1F600, 0x1F610),
    *range(0x1FFF0, 0x20000),
    *range(0x10FFF0, 0x110000),
)


def with_text(text: str) -> dict[str, object]:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "a"},
        "data": {"k": text, "l": f"x\n{text}\n"},
    }


def built(text: str) -> object:
    """Return an object as Flux' kustomize renders it, or None if it fails."""
    files = {"a/kustomization.yaml": "resources: [a.yaml]\n", "a/a.yaml": to_yaml(with_text(text))}
    try:
        answer, _ = run_kustomize(find_kustomize(), "a", files)
    except KustomizeError:
        return None
    return yaml.load(answer, yaml.CSafeLoader)


def test_kustomize_keeps_accepted_texts() -> None:
    text = " ".join(f"a{chr(character)}b" for character in CHARACTERS if not why_undelivered("flux", chr(character)))
    assert len(text) > 4 * 1000
    assert built(text) == with_text(text)


@pytest.mark.parametrize("character", [0x7F, 0x80, 0x84, 0x85, 0x86, 0x9F, 0xFFFE, 0xFFFF])
def test_kustomize_fails_for_refused_texts_or_changes_them(character: int) -> None:
    text = f"a{chr(character)}b"
    assert why_undelivered("flux", text) == f"has the character U+{character:04X}, at which Flux' kustomize fails"
    assert built(text) != with_text(text)


@needs_kubectl
def test_argo_cd_reads_all_characters(tmp_path: Path) -> None:
    """It decodes files as kubectl does."""
    text = " ".join(f"a{chr(character)}b" for character in CHARACTERS)
    assert why_undelivered("argocd", text) == ""
    assert read_with_kubectl(to_yaml(with_text(text)), tmp_path)["data"] == with_text(text)["data"]


def test_texts_and_keys_have_their_paths() -> None:
    value = {"a": ["fine", {"b\x7f": "\x85"}, 1, None, True], "c": SKIPPED_BY_ARGO_CD}
    assert [path for path, _ in undelivered("flux", value)] == [("a", 1, "b\x7f"), ("a", 1, "b\x7f")]
    assert [path for path, _ in undelivered("argocd", value)] == [("c",)]
