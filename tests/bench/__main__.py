"""Measure compiling a large mesh, and kustomize building the same objects: `make bench DOMAINS="75 300"`."""

from __future__ import annotations

import shutil
import sys
import tempfile
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

from bench.kustomize import kustomize_commands
from bench.measure import Cost, cost_of
from bench.mesh import DIVIDED, ENVIRONMENTS, divide, edit_patch, edit_product, edit_setting, write_mesh

TIMES = 5
CLUSTERS = 3
COMPILER = Path(sys.executable).with_name("floe-compile")
MEMORY = Path("/dev/shm")
NEEDED = 4 << 30
"""The bytes that the folders of a measurement may take, with room to spare."""


def main() -> None:
    """Measure each requested size; with more than one, print how the time per object grows."""
    parser = ArgumentParser("bench", description=__doc__)
    parser.add_argument("--domains", type=int, nargs="+", default=[75, 300], metavar="N", help="size of the mesh")
    sizes: list[int] = sorted(parser.parse_args().domains)
    cold = [_measure(size) for size in sizes]
    if len(sizes) > 1:
        _print(
            f"From {sizes[0]} to {sizes[-1]} domains, the processor time of a cold compile per object grows by a "
            f"factor of {cold[-1] / cold[0]:.2f} (1.00: linear)."
        )


def _measure(domains: int) -> float:
    """Print what each kind of run costs; return the processor time of a cold compile per object."""
    with tempfile.TemporaryDirectory(prefix="floe-bench-", dir=_memory()) as folder:
        root = Path(folder, "mesh")
        write_mesh(root, domains)
        costs = dict(_runs(root, Path(folder)))
        objects = sum(1 for _ in (root / "output").rglob("*.yaml"))
        by_folder = cost_of(kustomize_commands(root / "output", Path(folder, "copy")))
        single, several = (_of_clusters(Path(folder, f"clusters-{count}"), domains, count) for count in (1, CLUSTERS))
    _print(f"{domains} domains, {len(ENVIRONMENTS)} environments: {objects:,} objects, one file each")
    _print(f"{'':<40}{'seconds':>9}{'ratio':>8}{'processor s':>13}{'peak MiB':>10}")
    for name, cost in {"kubectl kustomize, by folder": by_folder, **costs}.items():
        ratio = cost.seconds / by_folder.seconds
        _print(f"{name:<40}{cost.seconds:>9.2f}{ratio:>8.4f}{cost.processor_seconds:>13.2f}{cost.peak_mib:>10.0f}")
    _print(
        f"{DIVIDED} in {CLUSTERS} clusters: the processor time of a cold compile per object is {several / single:.2f} "
        "of that in one."
    )
    _print("")
    return costs["cold compile"].processor_seconds / objects


def _of_clusters(root: Path, domains: int, clusters: int) -> float:
    """Return the processor time of a cold compile of one environment per object, in that many clusters."""
    write_mesh(root, domains)
    if clusters > 1:
        divide(root, domains, clusters)
    cost = _compile(root, root.with_suffix(".cache"), "--env", DIVIDED)
    return cost.processor_seconds / sum(1 for _ in (root / "output").rglob("*.yaml"))


def _memory() -> Path | None:
    """Return a folder in memory that has room, if there is one.

    On ext4, creating a file takes ten times as long for minutes after many others were deleted, as by an earlier
    measurement: it searches for inodes that were not freed lately. So disks say more of what ran before.
    """
    return MEMORY if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > NEEDED else None


def _runs(root: Path, folder: Path) -> Iterator[tuple[str, Cost]]:
    """Compile a mesh from nothing, and again after each kind of edit. All runs but one fill the cache."""
    cache, numbers = folder / "cache", count(1)

    def product_edited(verb: str, *options: str) -> Cost:
        edit_product(root, f"1.0.{next(numbers)}")
        return _run(verb, root, cache, *options)

    def patch_edited() -> Cost:
        edit_patch(root, 200 + next(numbers))
        return _compile(root, cache)

    yield "cold compile of one environment", _compile(root, folder / "other", "--env", ENVIRONMENTS[0])
    yield "cold compile", _compile(root, cache)
    yield "unchanged", _shortest(lambda: _compile(root, cache))
    yield "one product edited", _shortest(lambda: product_edited("compile"))
    yield "one product edited: diff", _shortest(lambda: product_edited("diff", "--from-output"))
    _compile(root, cache)
    yield "one patch of one domain edited", _shortest(patch_edited)
    edit_setting(root)
    yield "one setting of the platform edited", _compile(root, cache)


def _shortest(run: Callable[[], Cost]) -> Cost:
    """Return the cost of the shortest of several runs: other work on the machine only makes a run longer."""
    return min((run() for _ in range(TIMES)), key=lambda cost: cost.seconds)


def _compile(root: Path, cache: Path, *options: str) -> Cost:
    return _run("compile", root, cache, *options)


def _run(verb: str, root: Path, cache: Path, *options: str) -> Cost:
    return cost_of([(COMPILER, verb, "--quiet", "--root", root, "--cache", cache, *options)])


def _print(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
