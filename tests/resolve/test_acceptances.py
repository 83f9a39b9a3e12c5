"""Warnings that the platform manifest accepts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from floe_compiler.cache.store import Memory
from floe_compiler.pipeline import compile_mesh
from small_mesh import MANIFEST, small_mesh

POOL = "Pool.acme.example floe-sales-domain/batch"
KUSTOMIZATION = {"kind": "Kustomization", "resources": ["pool.yaml"]}


def codes(root: Path, *accepted: dict[str, Any], only: tuple[str, ...] = ()) -> list[tuple[str, str]]:
    """Return codes and places of the warnings about a mesh with an object without a schema."""
    small_mesh(root, {MANIFEST: {"accepted_warnings": list(accepted), "delivery": delivery()}})
    metadata = {"name": "batch", "namespace": "floe-sales-domain"}
    pool = {"apiVersion": "acme.example/v1", "kind": "Pool", "metadata": metadata, "spec": {"size": 1}}
    (root / "overlays/dev/pool.yaml").write_text(yaml.safe_dump(pool), encoding="utf-8")
    (root / "overlays/dev/kustomization.yaml").write_text(yaml.safe_dump(KUSTOMIZATION), encoding="utf-8")
    warnings = compile_mesh(root, only).warnings
    return [(warning.rule.code, warning.span.file if warning.span else "") for warning in warnings]


def delivery() -> dict[str, str]:
    return {"type": "argocd", "repository": "https://github.com/acme/small.git", "path": "."}


def accept(rule: str, about: str) -> dict[str, str]:
    return {"rule": rule, "about": about, "reason": "it is known"}


def test_a_warning_about_an_object_is_accepted(tmp_path: Path) -> None:
    assert codes(tmp_path / "a") == [("C002", "overlays/dev/pool.yaml")]
    assert codes(tmp_path / "b", accept("C002", POOL)) == []


def test_a_warning_about_a_file_is_accepted(tmp_path: Path) -> None:
    assert codes(tmp_path, accept("C002", "overlays/dev/pool.yaml")) == []


def test_another_warning_is_not_accepted(tmp_path: Path) -> None:
    warnings = codes(tmp_path, accept("C002", "Pool.acme.example floe-sales-domain/other"), accept("C016", POOL))
    assert warnings == [("C002", "overlays/dev/pool.yaml"), ("R024", MANIFEST), ("R024", MANIFEST)]


def test_acceptances_for_omitted_environments_are_not_reported(tmp_path: Path) -> None:
    assert codes(tmp_path, accept("C002", POOL), accept("C016", POOL), only=("dev",)) == []


def test_a_warning_from_the_cache_is_accepted_too(tmp_path: Path) -> None:
    codes(tmp_path)
    cache = Memory()
    assert len(compile_mesh(tmp_path, cache=cache).warnings) == 1
    codes(tmp_path, accept("C002", POOL))
    assert compile_mesh(tmp_path, cache=cache).warnings == ()


def test_a_definition_in_crds_removes_the_warning_without_being_installed(tmp_path: Path) -> None:
    codes(tmp_path)
    size = {"type": "object", "properties": {"size": {"type": "integer"}}}
    schema: dict[str, Any] = {"type": "object", "properties": {"spec": size}}
    spec = {
        "group": "acme.example",
        "scope": "Namespaced",
        "names": {"kind": "Pool"},
        "versions": [{"name": "v1", "schema": {"openAPIV3Schema": schema}}],
    }
    definition = {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "spec": spec}
    definition["metadata"] = {"name": "pools.acme.example"}
    (tmp_path / "crds").mkdir()
    (tmp_path / "crds/pools.yaml").write_text(yaml.safe_dump(definition), encoding="utf-8")
    compiled = compile_mesh(tmp_path)
    assert compiled.warnings == ()
    schema["x-kubernetes-validations"] = [{"rule": "semver(self.spec.size).major() == 1"}]
    (tmp_path / "crds/pools.yaml").write_text(yaml.safe_dump(definition), encoding="utf-8")
    (warning,) = compile_mesh(tmp_path).warnings
    assert (warning.rule.code, str(warning.span)) == ("C019", "crds/pools.yaml:1:1")
    assert warning.subject == "dev: CustomResourceDefinition.apiextensions.k8s.io pools.acme.example"
    assert not [path for path in compiled.files if "customresourcedefinition" in path]
