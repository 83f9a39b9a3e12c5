"""The small mesh of `tests/meshes`, with what a test wants to be different."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

SMALL = Path(__file__).parent / "meshes" / "small"
MANIFEST = "platform-manifest.yaml"
ENVIRONMENT = "overlays/dev/environment.yaml"
DOMAIN = "domains/sales/domain.yaml"
PRODUCT = "domains/sales/products/orders.yaml"


def small_mesh(root: Path, changes: Mapping[str, Mapping[str, Any]]) -> Path:
    """Make the mesh in the folder `root` and return it.

    `changes` are top-level keys of documents, by file: each takes the place of the key that is there; None removes it.
    """
    shutil.copytree(SMALL, root, dirs_exist_ok=True)
    for file, keys in changes.items():
        document = {**yaml.load((root / file).read_text(encoding="utf-8"), yaml.CSafeLoader), **keys}
        fields = {key: value for key, value in document.items() if value is not None}
        (root / file).write_text(json.dumps(fields, indent=2), encoding="utf-8")  # which is YAML, without any alias
    return root


def add_environment(root: Path, name: str) -> None:
    """Add an environment to the mesh, which is as `dev`, in a cluster of its name."""
    document = yaml.load((root / ENVIRONMENT).read_text(encoding="utf-8"), yaml.CSafeLoader)
    document["metadata"]["name"] = document["cluster"]["name"] = name
    (root / f"overlays/{name}").mkdir()
    (root / f"overlays/{name}/environment.yaml").write_text(json.dumps(document, indent=2), encoding="utf-8")
