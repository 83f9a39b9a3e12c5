"""Node.js builds each construct tree once, and starts only for a tree that is new."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from floe_compiler.cache.store import Memory
from floe_compiler.model.codec import digest_of, encode
from floe_compiler.node.cdk8s_process import Cdk8s
from floe_compiler.pipeline import compile_mesh
from floe_compiler.pipeline.cached_trees import KIND, CachedTrees
from small_mesh import PRODUCT, small_mesh

Charts = list[dict[str, Any]]

WEB: dict[str, Any] = {"namespace": "web", "objects": [{}], "included": [{"objects": [{}]}]}
REFUSED: dict[str, Any] = {**WEB, "namespace": "refused"}


def decided(namespace: str, objects: int = 2) -> dict[str, Any]:
    """Return an answer about objects, the last one first."""
    parts = [{"at": at, "labels": {}, "annotations": {}, "namespace": namespace} for at in range(objects)]
    return {"objects": parts[::-1]}


class Asked(list[str]):
    """Answers in the place of cdk8s, and notes the namespaces of the charts."""

    def run(self, charts: Charts) -> Charts:
        self += [chart["namespace"] for chart in charts]
        failures = {"failures": [{"at": 0, "message": ["no"]}]}
        return [failures if chart is REFUSED else decided(chart["namespace"]) for chart in charts]


def test_a_tree_is_built_once() -> None:
    calls, trees = Asked(), CachedTrees(Memory(), "1")
    other_namespace = {**WEB, "namespace": "other"}
    first = trees.or_from(calls.run)([WEB, other_namespace])
    again = trees.or_from(calls.run)([other_namespace, {**WEB, "namespace": "new"}, WEB])
    assert calls == ["web", "other", "new"]
    assert again == [first[1], decided("new"), first[0]]


def test_another_tree_or_compiler_is_another_entry() -> None:
    calls, cache = Asked(), Memory()
    for compiler, chart in (("1", WEB), ("2", WEB), ("1", {**WEB, "labels": {"a": "b"}})):
        CachedTrees(cache, compiler).or_from(calls.run)([chart])
    assert calls == ["web"] * 3


@pytest.mark.parametrize("data", [{}, {"objects": "two"}, decided("web", 1), decided("web", 3)])
def test_an_incomplete_answer_is_not_cached(data: dict[str, Any]) -> None:
    calls, cache = Asked(), Memory()
    cache.put(KIND, digest_of("1", encode(WEB)), encode(data))
    assert CachedTrees(cache, "1").or_from(calls.run)([WEB]) == [decided("web")]
    assert calls == ["web"]


def test_refusals_are_not_cached_and_without_a_cache_nothing_is() -> None:
    calls, trees = Asked(), CachedTrees(Memory(), "1")
    assert trees.or_from(calls.run)([REFUSED]) == trees.or_from(calls.run)([REFUSED])
    for _ in range(2):
        CachedTrees(None, "1").or_from(calls.run)([WEB])
    assert calls == ["refused", "refused", "web", "web"]


def test_an_edit_that_does_not_change_the_tree_starts_no_node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[Cdk8s] = []
    start = Cdk8s.start

    def noted(cdk8s: Cdk8s) -> None:
        started.append(cdk8s)
        start(cdk8s)

    monkeypatch.setattr(Cdk8s, "start", noted)
    root, cache = small_mesh(tmp_path, {}), Memory()
    compile_mesh(root, cache=cache)
    started.clear()
    text = (root / PRODUCT).read_text()
    (root / PRODUCT).write_text(text.replace("0 6 * * *", "0 7 * * *"))
    after = compile_mesh(root, cache=cache).files
    assert started == []
    assert dict(after) == dict(compile_mesh(root).files)
    started.clear()
    (root / PRODUCT).with_name("more.yaml").write_text(text.replace("name: orders", "name: more", 1))
    after = compile_mesh(root, cache=cache).files
    assert len(started) == 1
    assert dict(after) == dict(compile_mesh(root).files)
