"""Every value of a compiled object can be explained, by lines that exist."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pytest
import yaml

from floe_compiler.cache.store import Cache, Memory
from floe_compiler.explain import _by_place
from floe_compiler.explain.variations import scalars
from floe_compiler.model.explanation import Explanation
from floe_compiler.pipeline import compile_mesh, explain_file
from floe_compiler.pipeline.workers import Processes

MESH = Path(__file__).parents[1] / "golden" / "patched"
FILES = [
    "_cluster/namespace_floe-sales-domain-blue.yaml",
    "_cluster/priorityclass.scheduling.k8s.io_shop-blue.yaml",
    "_delivery/application.argoproj.io_shop-blue-platform.yaml",
    "floe-platform-blue/deployment.apps_otel-collector.yaml",
    "floe-sales-domain-blue/configmap_dbt-profiles.yaml",
    "floe-sales-domain-blue/cronjob.batch_orders.yaml",
    "floe-sales-domain-blue/resourcequota_quota.yaml",
]


@cache
def cached() -> Cache:
    """Return a cache that knows the mesh once it was compiled."""
    return Memory()


@cache
def compiled() -> Mapping[str, str]:
    """Return the mesh's files in the environment blue."""
    return dict(compile_mesh(MESH, ("blue",), cache=cached()).files)


@cache
def explained(file: str) -> Explanation:
    """Return the explanation of one of them."""
    explanation = explain_file(MESH, file, cache=cached())
    assert explanation is not None
    return explanation


ALIKE = {FILES[0], FILES[4], FILES[6]}
"""Files with objects of the same kinds as those of `test_explain.py`, and which no patch changes."""


@pytest.mark.parametrize(
    "file",
    [pytest.param(f"output/blue/{file}", marks=[pytest.mark.thorough] if file in ALIKE else []) for file in FILES],
)
def test_every_value_has_a_cause_and_every_cause_a_place(file: str) -> None:
    explanation = explained(file)
    expected = dict(scalars(yaml.load(compiled()[file], yaml.CSafeLoader)))
    assert {path: value for path, value, _ in explanation.values} == expected
    for path, _, causes in explanation.values:
        assert causes, path
        for span in (cause.span for cause in causes if cause.span):
            assert span.line <= len((MESH / span.file).read_text(encoding="utf-8").splitlines()), path


def test_items_with_one_name_are_told_apart() -> None:
    """A volume is mounted at two paths. Either had the causes of the other one, or of a patch that there is not."""
    mounts = [{"name": "dags", "mountPath": "/a", "subPath": "a"}, {"name": "dags", "mountPath": "/b", "subPath": "b"}]
    by_place = _by_place({"kind": "Pod", "mounts": mounts})
    assert by_place["mounts[dags].mountPath", 0] == (("mounts", 0, "mountPath"), "/a")
    assert by_place["mounts[dags].mountPath", 1] == (("mounts", 1, "mountPath"), "/b")
    assert len(by_place) == 7


@pytest.mark.skipif(sys.platform != "linux", reason="several processes explain on Linux only")
@pytest.mark.parametrize(
    "file", [FILES[2], *(pytest.param(file, marks=pytest.mark.thorough) for file in (FILES[3], FILES[5]))]
)
def test_several_processes_give_the_same(file: str) -> None:
    explanation = explain_file(MESH, f"output/blue/{file}", cache=cached(), workers=Processes(2))
    assert explanation == explained(f"output/blue/{file}")


def test_patched_values_name_the_patch() -> None:
    explanation = explained("output/blue/floe-sales-domain-blue/cronjob.batch_orders.yaml")
    assert [str(patch) for patch in explanation.patches] == ["overlays/blue/kustomization.yaml:11:12"]
    by_path = {path: causes for path, _, causes in explanation.values}
    (cause,) = by_path["spec", "suspend"]
    assert (cause.description, str(cause.span)) == ("patched", "overlays/blue/kustomization.yaml:14:16")


INHERITED = MESH.parent / "inherited"


@cache
def inherited(file: str) -> Explanation:
    """Return the explanation of a file of a mesh that extends others."""
    explanation = explain_file(INHERITED, f"output/dev/{file}")
    assert explanation is not None
    return explanation


@pytest.mark.parametrize(
    ("file", "value", "expected"),
    [
        (
            "floe-sales-domain/resourcequota_quota.yaml",
            ("spec", "hard", "pods"),
            [("quota.pods", "vendor/retail/platform-manifest.yaml:17:9")],
        ),
        (
            "_delivery/application.argoproj.io_shops-dev-sales-domain.yaml",
            ("spec", "source", "targetRevision"),
            [("delivery.revision", "vendor/retail/vendor/corporate/platform-manifest.yaml:15:13")],
        ),
        (
            "_delivery/application.argoproj.io_shops-dev-sales-domain.yaml",
            ("spec", "source", "repoURL"),
            [("delivery.repository", "platform-manifest.yaml:14:15")],
        ),
        (
            "floe-sales-domain/resourcequota_quota.yaml",
            ("spec", "hard", "requests.storage"),
            [("default of quota.storage (platform)", "None"), ("default of scale (environment)", "None")],
        ),
    ],
)
def test_inherited_values_lead_to_the_parent(
    file: str, value: tuple[str, ...], expected: list[tuple[str, str]]
) -> None:
    (causes,) = [causes for path, _, causes in inherited(file).values if path == value]
    assert [(cause.description, str(cause.span)) for cause in causes] == expected


def test_values_overridden_by_a_parent_are_reported() -> None:
    explanation = inherited("floe-sales-domain/resourcequota_quota.yaml")
    (cause,) = next(causes for path, _, causes in explanation.values if path == ("spec", "hard", "pods"))
    assert [(text, str(span)) for text, span in cause.overrides] == [
        ("40", "vendor/retail/vendor/corporate/platform-manifest.yaml:18:9")
    ]
