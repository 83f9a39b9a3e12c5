"""The first stage with an error reports all its findings; later stages report none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from floe_compiler.cache.store import Cache
from floe_compiler.model.diagnostics import Diagnostic, StageFailed
from floe_compiler.pipeline import compile_mesh
from pipeline.mesh_of_three import (
    DEV,
    DEV_NOTE,
    DEV_OVERLAY,
    MANIFEST,
    Anew,
    Recorder,
    config_map,
    dev,
    files,
    labelled,
    manifest,
    namespace,
    overlay,
    write,
)

# Nothing in dev can make up the account of another system.
WITHOUT_SOURCE = {MANIFEST: manifest(compute={"type": "snowflake", "account": "acme"})}
DEAD_PATCH = {DEV_OVERLAY: overlay({"path": "finance-quota.yaml"}, labelled("Deployment", "a", name="nobody"))}
FAILING = "- op: remove\n  path: /spec/nothing\n"
FAILING_PATCH = {
    DEV_OVERLAY: overlay({"target": {"kind": "ResourceQuota", "namespace": namespace("finance")}, "patch": FAILING}),
    "overlays/dev/finance-quota.yaml": None,
}
TOO_SMALL = {DEV: dev(finance="{cpu: 1m}")}
NO_NAMESPACE = {DEV_NOTE: config_map("note", namespace="nowhere")}


def findings_of(root: Path, *changes: dict[str, Any], cache: Cache | None = None) -> tuple[Diagnostic, ...]:
    """Return the findings about the mesh with these changes."""
    write(root, files())
    for change in changes:
        write(root, change)
    with pytest.raises(StageFailed) as failed:
        compile_mesh(root, ("dev",), cache=cache)
    return failed.value.diagnostics


def codes(diagnostics: tuple[Diagnostic, ...], severity: str = "error") -> set[str]:
    return {diagnostic.rule.code for diagnostic in diagnostics if diagnostic.severity == severity}


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Cache:
    """Return the cache after the sound mesh, which has a warning, was compiled."""
    cache = Recorder()
    compiled = compile_mesh(write(tmp_path_factory.mktemp("mesh"), files()), ("dev",), cache=cache)
    assert codes(compiled.warnings, "warning") == {"C043"}
    return cache


def test_an_error_of_rendering_hides_all_others(tmp_path: Path, known: Cache) -> None:
    assert codes(findings_of(tmp_path, WITHOUT_SOURCE, DEAD_PATCH, TOO_SMALL, NO_NAMESPACE, cache=Recorder(known))) == {
        "S001"
    }


def test_errors_of_patches_hide_those_of_checks(tmp_path: Path, known: Cache) -> None:
    assert codes(findings_of(tmp_path, DEAD_PATCH, TOO_SMALL, NO_NAMESPACE, cache=Recorder(known))) == {"K017"}


def test_errors_of_units_and_of_the_link_are_reported_together(tmp_path: Path, known: Cache) -> None:
    of_a_unit, of_the_whole = (
        codes(findings_of(tmp_path / name, change, cache=Recorder(known)))
        for name, change in (("unit", TOO_SMALL), ("whole", NO_NAMESPACE))
    )
    assert of_a_unit
    assert of_the_whole
    assert not of_a_unit & of_the_whole
    assert (
        codes(findings_of(tmp_path / "both", TOO_SMALL, NO_NAMESPACE, cache=Recorder(known)))
        == of_a_unit | of_the_whole
    )


CHANGES: dict[str, tuple[dict[str, Any], ...]] = {
    "rendering": (WITHOUT_SOURCE,),
    "a patch that selects nothing": (DEAD_PATCH,),
    "a patch that fails": (FAILING_PATCH,),
    "a check": (TOO_SMALL,),
    "the link": (NO_NAMESPACE,),
    "a check and the link": (TOO_SMALL, NO_NAMESPACE),
}
TOGETHER = {"a check", "the link"}
"""What the last change shows, too."""


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.thorough) if name in TOGETHER else name for name in CHANGES]
)
def test_findings_do_not_depend_on_the_cache(name: str, known: Cache, tmp_path: Path) -> None:
    cache = Recorder(known)
    with_cache = findings_of(tmp_path / "known", *CHANGES[name], cache=cache)
    assert with_cache == findings_of(tmp_path / "unknown", *CHANGES[name], cache=Anew(Recorder(known)))
    assert with_cache == findings_of(tmp_path / "known", *CHANGES[name], cache=cache), "and again"
