"""The mesh of the benchmark is realistic; no test depends on how long it takes."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from bench.mesh import DIVIDED, ENVIRONMENTS, divide, edit_patch, edit_product, edit_setting, write_mesh
from floe_compiler.cache.store import Memory
from floe_compiler.pipeline import compile_mesh
from floe_compiler.pipeline.compilation import Compilation


@pytest.fixture(scope="module")
def mesh(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Compilation, Memory]:
    """Return a mesh, what it compiles to, and a cache with that."""
    root, cache = tmp_path_factory.mktemp("mesh"), Memory()
    write_mesh(root, domains=2)
    return root, compile_mesh(root, cache=cache), cache


def test_a_small_mesh_compiles_and_its_patches_are_applied(mesh: tuple[Path, Compilation, Memory]) -> None:
    _, compiled, _ = mesh
    assert tuple(one.environment for one in compiled.environments) == ENVIRONMENTS
    production = compiled.environments[ENVIRONMENTS.index("prod")]
    patched = {name.split()[0] for unit in production.heads for name in production.body(unit).patched}
    assert patched >= {"CronJob.batch", "Deployment.apps", "ResourceQuota"}


PLATFORM, ODD = "floe-platform", "floe-domain-0001-domain"


def test_the_same_namespaces_of_domains_in_several_clusters(tmp_path: Path) -> None:
    write_mesh(tmp_path, domains=3)
    (whole,) = namespaces(tmp_path).values()
    divide(tmp_path, domains=3, clusters=2)
    shared, other = f"{DIVIDED}/{DIVIDED}-0", f"{DIVIDED}/{DIVIDED}-1"
    assert namespaces(tmp_path) == {shared: whole - {ODD}, other: {PLATFORM, ODD}}


def namespaces(root: Path) -> dict[str, set[str]]:
    """Return the namespaces in each cluster of the environment that may have several."""
    return {
        one.environment: {unit for unit in one.heads if unit.startswith("floe-")}
        for one in compile_mesh(root, (DIVIDED,)).environments
    }


def edit_version(root: Path) -> None:
    edit_product(root, "1.0.1")


def edit_jobs(root: Path) -> None:
    edit_patch(root, 200)


@pytest.mark.parametrize(
    ("edit", "folder"),
    [
        (edit_version, "output/{environment}/floe-domain-0000-domain/"),
        (edit_jobs, "output/prod/floe-domain-0000-domain/resourcequota_quota.yaml"),
        (edit_setting, "output/{environment}/floe-domain-000{domain}-domain/"),
    ],
)
def test_an_edit_changes_what_it_should_and_nothing_else(
    edit: Callable[[Path], None], folder: str, mesh: tuple[Path, Compilation, Memory], tmp_path: Path
) -> None:
    root, compiled, cache = mesh
    before = compiled.files.digests
    shutil.copytree(root, tmp_path, dirs_exist_ok=True)
    edit(tmp_path)
    after = compile_mesh(tmp_path, cache=cache).files.digests
    changed = [path for path in {**before, **after} if before.get(path) != after.get(path)]
    wanted = {folder.format(environment=one, domain=domain) for one in ENVIRONMENTS for domain in (0, 1)}
    assert {prefix for path in changed for prefix in wanted if path.startswith(prefix)} == wanted
    assert all(any(path.startswith(prefix) for prefix in wanted) for path in changed)
