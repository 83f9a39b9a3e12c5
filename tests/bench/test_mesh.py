"""The mesh that the benchmark measures is one that people could have; how long it takes is no test's business."""

from __future__ import annotations

from pathlib import Path

from bench.mesh import ENVIRONMENTS, edit_product, write_mesh
from floe_compiler.pipeline import compile_mesh


def test_a_small_mesh_compiles_and_its_patches_are_applied(tmp_path: Path) -> None:
    write_mesh(tmp_path, domains=3)
    compiled = compile_mesh(tmp_path)
    assert tuple(one.environment for one in compiled.environments) == ENVIRONMENTS
    for one in compiled.environments:
        patched = {name.split()[0] for unit in one.heads for name in one.places(unit).patched}
        assert patched == {"CronJob.batch", "Deployment.apps", "ResourceQuota", "launched"}


def test_an_edited_product_changes_its_objects_and_no_others(tmp_path: Path) -> None:
    write_mesh(tmp_path, domains=2)
    before = compile_mesh(tmp_path, ("dev",)).files
    edit_product(tmp_path)
    after = compile_mesh(tmp_path, ("dev",)).files
    changed = {path for path in {*before, *after} if before.get(path) != after.get(path)}
    assert changed
    assert all(path.startswith("output/dev/floe-domain-0000-domain/") for path in changed)
