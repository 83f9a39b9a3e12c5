"""What a further domain costs is the same in a large mesh as in a small one, in one cluster and in several.

Calls of functions are counted, as their number is the same on any machine. They are those before namespaces are
compiled, which each is by itself.
"""

from __future__ import annotations

import cProfile
import pstats
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

import floe_compiler
from bench.mesh import DIVIDED, divide, write_mesh
from floe_compiler.cache.store import Memory
from floe_compiler.load.input_tree import read_inputs
from floe_compiler.pipeline import headers, silent
from floe_compiler.pipeline.environments import cluster_tasks, unit_tasks
from floe_compiler.pipeline.resolving import read_mesh
from floe_compiler.pipeline.selection import NOTHING
from floe_compiler.pipeline.workers import ThisProcess
from floe_compiler.resolve import validation

STEP = 8
"""By so many domains a mesh grows: with them, each kind of domain comes again, and a patch."""

FEW = STEP
"""So many calls more are not growth, nor is a fifth: in short lists, a value has fewer neighbours."""

_COMPILER = str(Path(floe_compiler.__file__).parent)


@pytest.fixture(scope="module", autouse=True)
def small_chunks() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(headers, "CHUNK", STEP // 4)  # a small mesh has several, as a large one has
        patch.setattr(validation, "_KNOWN", {})  # which tests before have filled, so it would be cleared in between
        calls(3, 3)  # what a process does once is no part of the others
        yield


@cache
def calls(domains: int, clusters: int) -> Mapping[str, int]:
    """Return how often each function of the compiler is called until all units of a mesh are planned."""
    with TemporaryDirectory() as folder:
        root = Path(folder)
        write_mesh(root, domains)
        if clusters > 1:
            divide(root, domains, clusters)
        profile = cProfile.Profile()
        profile.runcall(planned, root)
    sizes: dict[str, int] = {}
    for (file, line, name), (_, count, *_) in pstats.Stats(profile).stats.items():  # type: ignore[attr-defined]
        if file.startswith(_COMPILER):
            sizes[f"{file.removeprefix(_COMPILER)}:{line} {name}"] = count
    return sizes


def planned(root: Path) -> None:
    mesh, _ = read_mesh(read_inputs(root), (DIVIDED,), NOTHING, silent, Memory(), ThisProcess())
    inputs = mesh.inputs()
    units = [*cluster_tasks(mesh, inputs), *unit_tasks(mesh, inputs)]
    assert len(units) > len(mesh.headers)


def added(domains: int, clusters: int) -> Mapping[str, int]:
    """Return how many calls of each function come with the last domains of a mesh."""
    before = calls(domains - STEP, clusters)
    return {name: count - before.get(name, 0) for name, count in calls(domains, clusters).items()}


@pytest.mark.parametrize("clusters", [pytest.param(1, marks=pytest.mark.thorough), 3])
def test_the_work_per_domain_does_not_grow_with_the_mesh(clusters: int) -> None:
    few, many = added(2 * STEP, clusters), added(3 * STEP, clusters)
    growing = {name for name, count in many.items() if count > 1.2 * few.get(name, 0) + FEW}
    assert {name: (few.get(name, 0), many[name]) for name in growing} == {}


@pytest.mark.thorough
def test_a_domain_costs_about_the_same_in_one_of_several_clusters() -> None:
    single, several = (sum(added(2 * STEP, clusters).values()) for clusters in (1, 3))
    assert single < several < 1.2 * single  # what tests before have had computed is not done again, and differs
