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
    assert tuple(compiled_environment.environment for compiled_environment in compiled.environments) == ENVIRONMENTS
    production = compiled.environments[ENVIRONMENTS.index("prod")]
    patched = {name.split()[0] for unit in production.heads for name in production.body(unit).patched}
    assert patched >= {"CronJob.batch", "Deployment.apps", "ResourceQuota"}


PLATFORM, ODD = "floe-platform", "floe-domain-0001-domain"


def test_several_clusters_have_the_same_namespaces_of_domains(tmp_path: Path) -> None:
    write_mesh(tmp_path, domains=3)
    (all_namespaces,) = namespaces(tmp_path).values()
    divide(tmp_path, domains=3, clusters=2)
    first_cluster, second_cluster = f"{DIVIDED}/{DIVIDED}-0", f"{DIVIDED}/{DIVIDED}-1"
    assert namespaces(tmp_path) == {first_cluster: all_namespaces - {ODD}, second_cluster: {PLATFORM, ODD}}


def namespaces(root: Path) -> dict[str, set[str]]:
    """Return the namespaces in each cluster of the environment that may have several."""
    return {
        compiled_environment.environment: {unit for unit in compiled_environment.heads if unit.startswith("floe-")}
        for compiled_environment in compile_mesh(root, (DIVIDED,)).environments
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
def test_an_edit_changes_exactly_the_expected_files(
    edit: Callable[[Path], None], folder: str, mesh: tuple[Path, Compilation, Memory], tmp_path: Path
) -> None:
    root, compiled, cache = mesh
    before = compiled.files.digests
    shutil.copytree(root, tmp_path, dirs_exist_ok=True)
    edit(tmp_path)
    after = compile_mesh(tmp_path, cache=cache).files.digests
    changed = [path for path in {**before, **after} if before.get(path) != after.get(path)]
    expected = {
        folder.format(environment=environment, domain=domain) for environment in ENVIRONMENTS for domain in (0, 1)
    }
    assert {prefix for path in changed for prefix in expected if path.startswith(prefix)} == expected
    assert all(any(path.startswith(prefix) for prefix in expected) for path in changed)
