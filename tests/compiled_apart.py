"""Compiles meshes in a process that has done nothing else: `python tests/compiled_apart.py CACHE ROOT...`.

It keeps what it finds out in the folder CACHE, and prints, as JSON, the modules that this has loaded; then for each
mesh the hash of each file, and that of what each unit renders, the last one first.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Mapping
from pathlib import Path

from floe_compiler.cache.store import Store
from floe_compiler.pipeline import compile_mesh


def hashes(texts: Mapping[str, str]) -> list[list[str]]:
    """Return the name and the hash of each text, in their order."""
    return [[name, hashlib.sha256(text.encode()).hexdigest()] for name, text in texts.items()]


def rendered(root: Path, *, backwards: bool = False) -> Mapping[str, str]:
    """Return what each unit of a mesh renders, one after the other."""
    from floe_compiler.model.yaml_text import to_yaml
    from floe_compiler.synthesize.unit import render_unit
    from plans import plan_environment, plan_mesh

    named = {
        f"{plan.settings.environment.name}/{plan.cluster.name}/{unit.unit.namespace}": unit
        for plan in plan_mesh(root)
        for unit in plan_environment(plan)
    }
    order = reversed(named) if backwards else named
    return {name: "---\n".join(map(to_yaml, render_unit(named[name]).objects)) for name in order}


def main(cache: str, *roots: str) -> None:
    """Print what the module promises."""
    meshes = [*map(Path, roots)]
    files = [compile_mesh(root, cache=Store(Path(cache))).files for root in meshes]
    loaded = sorted({name.partition(".")[0] for name in sys.modules})
    backwards = [hashes(rendered(root, backwards=True)) for root in meshes]
    json.dump([loaded, *zip(map(hashes, files), backwards, strict=True)], sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
