"""The same inputs give the same bytes: wherever, whenever, in whatever order, one by one or all at once."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import compiled_apart
from compiled_apart import hashes, rendered
from floe_compiler.cache.folder import opened
from floe_compiler.cache.store import Store
from floe_compiler.pipeline import compile_mesh
from pipeline.mesh_of_three import Recorder

ROOT = Path(__file__).parents[1]
GOLDEN = ROOT / "tests/golden"
INPUTS = ("platform-manifest.yaml", "base", "domains", "overlays", "istio")

NOT_NEEDED = {"cdk8s", "deepdiff", "jsii"}
"""What takes long to import, and nothing that is compiled for the first time needs."""


def expected(root: Path) -> list[list[str]]:
    """Return what a mesh of this repository was last compiled to, which other tests hold against here and now."""
    files = {path.relative_to(root).as_posix(): path for path in (root / "output").rglob("*.yaml")}
    return hashes({name: files[name].read_text(encoding="utf-8") for name in sorted(files)})


def compiled(cache: Path, *roots: Path, **variables: str) -> Any:
    """Return what `compiled_apart` prints in a Python of its own, elsewhere and with those variables."""
    done = subprocess.run(
        [sys.executable, compiled_apart.__file__, cache, *roots],
        cwd=roots[0].parent,
        env={**os.environ, **variables},
        check=True,
        capture_output=True,
        text=True,
        timeout=120,
    )
    return json.loads(done.stdout)


def copy_shuffled(root: Path, target: Path) -> None:
    """Copy the inputs of a mesh to a folder in random order, each with another age."""
    files = [path for name in INPUTS for path in (root / name, *(root / name).rglob("*")) if path.is_file()]
    for age, source in enumerate(random.sample(files, len(files))):
        copy = target / source.relative_to(root)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(source.read_bytes())
        os.utime(copy, (age, age))


def those_and_all(names: str, *few: Any) -> pytest.MarkDecorator:
    """Return what gives a test these values; with the mark `thorough`, then that for the mesh of this repository."""
    *gate, whole = few
    return pytest.mark.parametrize(names, [*gate, pytest.param(whole, id="whole", marks=pytest.mark.thorough)])


@those_and_all("meshes", (GOLDEN / "queued", GOLDEN / "patched"), (GOLDEN / "clusters", ROOT))
@pytest.mark.git  # the other process looks for it, too
def test_neither_folders_files_hash_seed_clock_nor_language_matter(meshes: tuple[Path, ...], tmp_path: Path) -> None:
    """Files may be in another order and of another age, and sets of text have another order with another seed.

    Nor does it matter what was rendered before: a hidden input, which another unit left behind or the process holds,
    would show here. And what another process has found out is known by the same keys.
    """
    roots = [tmp_path / f"an other ünusual folder/{mesh.name}" for mesh in meshes]
    for mesh, root in zip(meshes, roots, strict=True):
        copy_shuffled(mesh, root)
    loaded, *found = compiled(tmp_path / "cache", *roots, PYTHONHASHSEED="4711", TZ="Etc/GMT-4", LC_ALL="C")
    for mesh, root, (files, backwards) in zip(meshes, roots, found, strict=True):
        assert len(files) > 50
        assert files == expected(mesh)
        assert len(backwards) > 1
        assert backwards[::-1] == hashes(rendered(root))
        known = Recorder(Store(tmp_path / "cache"))
        assert hashes(compile_mesh(root, cache=known).files) == files
        assert [kind for kind, _ in known.put_entries] == []
    assert NOT_NEEDED & {*loaded} == set()


@those_and_all("mesh", GOLDEN / "patched", GOLDEN / "secrets", ROOT)
def test_one_environment_at_a_time_gives_what_all_give(mesh: Path) -> None:
    """With the cache of the tests: a unit with another plan than among all environments is rendered anew."""
    names = sorted(path.parent.name for path in mesh.glob("overlays/*/environment.yaml"))
    assert len(names) > 1
    with opened(None) as cache:
        found = [pair for name in names for pair in hashes(compile_mesh(mesh, (name,), cache=cache).files)]
    assert found == expected(mesh)
