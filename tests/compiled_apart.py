"""Compiles a mesh in a process that has done nothing else: `python tests/compiled_apart.py ROOT`.

It prints, as JSON, the modules that this has loaded, the hash of each file, and that of what each unit of the mesh
renders, the last one first.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Mapping
from pathlib import Path

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


def main(root: str) -> None:
    """Print what the module promises."""
    files = compile_mesh(Path(root)).files
    loaded = sorted({name.partition(".")[0] for name in sys.modules})
    json.dump([loaded, hashes(files), hashes(rendered(Path(root), backwards=True))], sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
