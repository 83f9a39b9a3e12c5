"""Measure compiling a large mesh, and kustomize building the same objects: `make bench DOMAINS="50 200"`."""

from __future__ import annotations

import sys
import tempfile
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path

from bench.kustomize import kustomize_commands
from bench.measure import Cost, cost_of
from bench.mesh import ENVIRONMENTS, edit_product, write_mesh

COMPILER = Path(sys.executable).with_name("floe-compile")


def main() -> None:
    """Measure each size that is asked for; with more than one, tell how the time of an object grows."""
    parser = ArgumentParser("bench", description=__doc__)
    parser.add_argument("--domains", type=int, nargs="+", default=[100], metavar="N", help="size of the mesh")
    sizes: list[int] = sorted(parser.parse_args().domains)
    cold = [_measure(size) for size in sizes]
    if len(sizes) > 1:
        _print(
            f"From {sizes[0]} to {sizes[-1]} domains, the processor time of a cold compile per object grows by a "
            f"factor of {cold[-1] / cold[0]:.2f} (1.00: linear)."
        )


def _measure(domains: int) -> float:
    """Print what each kind of run costs; return the processor time of a cold compile per object."""
    with tempfile.TemporaryDirectory(prefix="floe-bench-") as folder:
        root = Path(folder, "mesh")
        write_mesh(root, domains)
        cold = cost_of([_compile(root)])
        objects = sum(1 for _ in (root / "output").rglob("*.yaml"))
        _print(f"{domains} domains, {len(ENVIRONMENTS)} environments: {objects:,} objects, one file each")
        _print(f"{'':<32}{'seconds':>10}{'processor s':>13}{'objects/s':>11}{'peak MiB':>10}")
        _print_row("cold compile", cold, objects)
        for name, cost in _further_runs(root, Path(folder, "copy")):
            _print_row(name, cost, objects)
    _print("")
    return cold.processor_seconds / objects


def _further_runs(root: Path, copy: Path) -> Iterator[tuple[str, Cost]]:
    yield "unchanged", cost_of([_compile(root)])
    edit_product(root)
    yield "one product edited", cost_of([_compile(root)])
    yield "kubectl kustomize, by folder", cost_of(kustomize_commands(root / "output", copy))


def _compile(root: Path) -> tuple[str | Path, ...]:
    return COMPILER, "compile", "--quiet", "--root", root


def _print_row(name: str, cost: Cost, objects: int) -> None:
    rate = objects / cost.seconds
    _print(f"{name:<32}{cost.seconds:>10.2f}{cost.processor_seconds:>13.2f}{rate:>11,.0f}{cost.peak_mib:>10.0f}")


def _print(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
