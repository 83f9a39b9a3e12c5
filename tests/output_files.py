"""The committed output of the mesh of this repository, which `make fresh` holds to what its inputs compile to."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from floe_compiler.model.objects import Object
from mesh_reader import read

ROOT = Path(__file__).parents[1]


WORKLOADS = ("deployment.apps", "statefulset.apps", "daemonset.apps", "job.batch", "cronjob.batch")


@cache
def objects_in(environment: str, *kinds: str) -> tuple[Object, ...]:
    """Return the objects of these kinds in an environment's namespaces, as their files are called: `deployment.apps`.

    To read all files takes seconds. The objects are not to be changed.
    """
    folder = ROOT / "output" / environment
    paths = [path for kind in kinds for path in sorted(folder.glob(f"floe-*/{kind}_*.yaml"))]
    return tuple(read(path.read_text(encoding="utf-8")) for path in paths)
