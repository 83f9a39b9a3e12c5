"""A file that was explained is not explained again until an input changes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from floe_compiler.cache.store import Memory, Store
from floe_compiler.explain import explain
from floe_compiler.model.explanation import Cause, Explanation
from floe_compiler.model.objects import identify
from floe_compiler.pipeline import compile_mesh, explain_file, explaining
from floe_compiler.pipeline.known_explanations import EXPLAINED, KnownExplanations
from pipeline.test_damage import flip
from small_mesh import ENVIRONMENT, small_mesh

PROFILES = "output/dev/floe-sales-domain/configmap_dbt-profiles.yaml"
Known = tuple[Path, Memory, Explanation]


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Known:
    """Return the small mesh, a cache, and what it knows of one file: a text of several lines."""
    root, cache = small_mesh(tmp_path_factory.mktemp("mesh"), {}), Memory()
    explanation = explain_file(root, PROFILES, cache=cache, recall=True)
    assert explanation is not None
    assert explanation.lines
    return root, cache, explanation


@pytest.fixture
def varied(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the objects that are explained from now on."""
    objects: list[str] = []

    def recorded(*inputs: Any) -> Explanation:
        objects.append(str(identify(inputs[3])))
        return explain(*inputs)

    monkeypatch.setattr(explaining, "explain", recorded)
    return objects


def test_a_file_is_explained_once(known: Known, varied: list[str]) -> None:
    root, cache, explanation = known
    assert explain_file(root, PROFILES, cache=cache, recall=True) == explanation
    assert varied == []


def test_it_is_explained_again_after_an_edit(known: Known, varied: list[str], tmp_path: Path) -> None:
    _, cache, explanation = known
    edited = small_mesh(tmp_path, {ENVIRONMENT: {"scale": "light"}})
    after = explain_file(edited, PROFILES, cache=cache, recall=True)
    assert varied == ["ConfigMap floe-sales-domain/dbt-profiles"]
    assert after is not None
    assert after.text == explanation.text


def test_explanations_of_other_texts_or_of_secrets_are_not_cached(known: Known) -> None:
    root, cache, explanation = known
    compiled = compile_mesh(root, ("dev",), cache=cache)
    fewer = KnownExplanations(Memory(), compiled)
    fewer.put(PROFILES, replace(explanation, values=explanation.values[1:]))
    assert fewer.get(PROFILES) is None
    for overridden, is_kept in (('"postgresql://db.example/lake"', True), ('"postgresql://me:s3cr3t-9Tq@db"', False)):
        (path, value, _), *other_values = explanation.values
        values = ((path, value, (Cause("url", overrides=((overridden, None),)),)), *other_values)
        explanations = KnownExplanations(Memory(), compiled)
        explanations.put(PROFILES, replace(explanation, values=tuple(values)))
        assert (explanations.get(PROFILES) is not None) is is_kept


def test_a_caller_may_reject_the_text_before_it_is_explained(known: Known, varied: list[str]) -> None:
    root, cache, explanation = known

    def refuse(text: str) -> None:
        raise LookupError(text)

    for recall in (False, True):
        with pytest.raises(LookupError, match="dbt") as refused:
            explain_file(root, PROFILES, cache=cache, recall=recall, look=refuse)
        assert str(refused.value) == explanation.text
    assert varied == []


def test_a_damaged_entry_changes_nothing(known: Known, varied: list[str], tmp_path: Path) -> None:
    root, _, explanation = known
    folder = tmp_path / "cache"
    KnownExplanations(Store(folder), compile_mesh(root, ("dev",), cache=Store(folder))).put(PROFILES, explanation)
    (entry,) = (path for path in (folder / EXPLAINED).rglob("*") if path.is_file())
    flip(entry)
    assert explain_file(root, PROFILES, cache=Store(folder), recall=True) == explanation
    assert varied == ["ConfigMap floe-sales-domain/dbt-profiles"]
    assert explain_file(root, PROFILES, cache=Store(folder), recall=True) == explanation
    assert len(varied) == 1
