"""The compiled objects as kustomize alone would build them: what floe-compile is compared with."""

from __future__ import annotations

import shutil
from pathlib import Path

from floe_compiler.model.yaml_text import to_yaml
from floe_compiler.overlay.kustomize import find_kustomize


def kustomize_commands(output: Path, copy: Path) -> list[list[str]]:
    """Copy compiled output, make a kustomization of each namespace's folder, and return how to build each.

    This is less than a mesh kept in kustomize alone would cost: everything is rendered already, and no patch is left.
    """
    shutil.copytree(output, copy)
    folders = sorted({path.parent for path in copy.rglob("*.yaml")})
    for folder in folders:
        resources = sorted(path.name for path in folder.iterdir())
        kustomization = {
            "apiVersion": "kustomize.config.k8s.io/v1beta1",
            "kind": "Kustomization",
            "resources": resources,
        }
        (folder / "kustomization.yaml").write_text(to_yaml(kustomization), encoding="utf-8")
    return [[*find_kustomize(), str(folder)] for folder in folders]
