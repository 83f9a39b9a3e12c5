"""The same inputs give the same bytes: wherever, whenever, in whatever order, one by one or all at once."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import random
import subprocess
import sys
from collections.abc import Iterable, Mapping
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from floe_compiler.cache.folder import opened
from floe_compiler.model.plan import UnitPlan
from floe_compiler.model.yaml_text import to_yaml
from floe_compiler.pipeline import compile_mesh
from floe_compiler.synthesize.unit import render_unit
from plans import plan_environment, plan_mesh

ROOT = Path(__file__).parents[1]
INPUTS = ("platform-manifest.yaml", "base", "domains", "overlays")

COMPILE = """
import hashlib, json, sys
from pathlib import Path
from floe_compiler.pipeline import compile_mesh
files = compile_mesh(Path(sys.argv[1]), tuple(sys.argv[2:])).files
json.dump({path: hashlib.sha256(text.encode()).hexdigest() for path, text in files.items()}, sys.stdout)
"""


def hashes(files: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return the hash of each file, in the order of the files."""
    return [(path, hashlib.sha256(text.encode()).hexdigest()) for path, text in files.items()]


@pytest.fixture(scope="module")
def expected() -> list[tuple[str, str]]:
    """Return what the mesh of this repository was last compiled to, which `test_fresh` holds against here and now."""
    files = {path.relative_to(ROOT).as_posix(): path for path in (ROOT / "output").rglob("*.yaml")}
    return hashes({name: files[name].read_text(encoding="utf-8") for name in sorted(files)})


def compiled_apart(root: Path, environment: str, folder: Path, **variables: str) -> list[tuple[str, str]]:
    """Return the same from a Python of its own, with that working folder and those environment variables."""
    done = subprocess.run(
        [sys.executable, "-c", COMPILE, str(root), environment],
        cwd=folder,
        env={**os.environ, **variables},
        check=True,
        capture_output=True,
        text=True,
        timeout=120,
    )
    return list(json.loads(done.stdout).items())


def copy_shuffled(target: Path) -> None:
    """Copy the inputs to a folder in random order, each with another age."""
    files = [path for name in INPUTS for path in (ROOT / name, *(ROOT / name).rglob("*")) if path.is_file()]
    for age, source in enumerate(random.sample(files, len(files))):
        copy = target / source.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(source.read_bytes())
        os.utime(copy, (age, age))


@pytest.mark.parametrize(
    "environment", ["staging", *(pytest.param(one, marks=pytest.mark.thorough) for one in ("dev", "prod"))]
)
def test_neither_folders_files_hash_seed_clock_nor_language_matter(
    environment: str, tmp_path: Path, expected: list[tuple[str, str]]
) -> None:
    """Files may be in another order and of another age, and sets of text have another order with another seed."""
    root = tmp_path / "an other ünusual folder"
    copy_shuffled(root)
    own = [(path, digest) for path, digest in expected if path.startswith(f"output/{environment}/")]
    assert len(own) > 300
    assert compiled_apart(root, environment, tmp_path, PYTHONHASHSEED="4711", TZ="Etc/GMT-4", LC_ALL="C") == own


def test_one_environment_at_a_time_gives_what_all_give(expected: list[tuple[str, str]]) -> None:
    """With the cache of the tests: a unit with another plan than among all environments is rendered anew."""
    names = sorted(path.parent.name for path in ROOT.glob("overlays/*/environment.yaml"))
    assert len(names) > 2
    with opened(None) as cache:
        found = [pair for name in names for pair in hashes(compile_mesh(ROOT, (name,), cache=cache).files)]
    assert found == expected


def rendered(unit: UnitPlan) -> str:
    """Return the objects of a unit, in their order, as text."""
    return "---\n".join(to_yaml(manifest) for manifest in render_unit(unit).objects)


def units() -> list[UnitPlan]:
    return [unit for plan in plan_mesh(ROOT) for unit in plan_environment(plan)]


def by_name(plans: Iterable[UnitPlan], texts: Iterable[str]) -> dict[tuple[str, str], str]:
    return {
        (plan.unit.settings.environment.name, plan.unit.namespace): text
        for plan, text in zip(plans, texts, strict=True)
    }


def test_a_unit_is_rendered_equally_in_any_order_and_in_any_process() -> None:
    """A hidden input - something that another unit left behind, or that the process holds - would show here."""
    plans = units()
    serial = by_name(plans, map(rendered, plans))
    backwards = plans[::-1]
    # "spawn" starts a process that shares nothing with this one, on every system.
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        assert by_name(backwards, pool.map(rendered, backwards)) == serial
    assert len(serial) > 10
    assert all(serial.values())
