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
from floe_compiler.pipeline import compile_mesh

ROOT = Path(__file__).parents[1]
CLUSTERS = ROOT / "tests/golden/clusters"
INPUTS = ("platform-manifest.yaml", "base", "domains", "overlays", "istio")

NOT_NEEDED = {"cdk8s", "deepdiff", "jsii"}
"""What takes long to import, and nothing that is compiled for the first time needs."""


def expected(root: Path) -> list[list[str]]:
    """Return what a mesh of this repository was last compiled to, which other tests hold against here and now."""
    files = {path.relative_to(root).as_posix(): path for path in (root / "output").rglob("*.yaml")}
    return hashes({name: files[name].read_text(encoding="utf-8") for name in sorted(files)})


def compiled(root: Path, folder: Path, **variables: str) -> Any:
    """Return what `compiled_apart` prints in a Python of its own, with that working folder and those variables."""
    done = subprocess.run(
        [sys.executable, compiled_apart.__file__, str(root)],
        cwd=folder,
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


@pytest.mark.parametrize("mesh", [CLUSTERS, pytest.param(ROOT, marks=pytest.mark.thorough)], ids=lambda path: path.name)
def test_folders_file_order_hash_seed_clock_and_language_do_not_matter(mesh: Path, tmp_path: Path) -> None:
    """Files may be in another order and of another age, and sets of text have another order with another seed.

    Nor does it matter what was rendered before. A hidden input - something that another unit left behind, or that the
    process holds - would show here.
    """
    root = tmp_path / "an other ünusual folder"
    copy_shuffled(mesh, root)
    loaded, files, backwards = compiled(root, tmp_path, PYTHONHASHSEED="4711", TZ="Etc/GMT-4", LC_ALL="C")
    assert len(files) > 300
    assert files == expected(mesh)
    assert len(backwards) > 5
    assert backwards[::-1] == hashes(rendered(mesh))
    assert NOT_NEEDED & {*loaded} == set()


def test_compiling_one_environment_gives_the_same_as_all() -> None:
    """With the cache of the tests: a unit with another plan than among all environments is rendered anew."""
    names = sorted(path.parent.name for path in ROOT.glob("overlays/*/environment.yaml"))
    assert len(names) > 2
    with opened(None) as cache:
        hashes_ = [pair for name in names for pair in hashes(compile_mesh(ROOT, (name,), cache=cache).files)]
    assert hashes_ == expected(ROOT)
