"""The input files for kustomize: the tree of kustomizations, with some of the objects and steps."""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from floe_compiler.model.layout import KUSTOMIZATION
from floe_compiler.model.objects import Object
from floe_compiler.model.yaml_text import to_yaml
from floe_compiler.overlay.allowed_fields import API_VERSIONS
from floe_compiler.overlay.kustomization import Kustomization, Step
from floe_compiler.overlay.merge_schema import merge_schema

OBJECTS = "objects.yaml"
MERGE_SCHEMA = "openapi.json"


def staged_files(
    top: Kustomization, objects: Mapping[str, Sequence[Object]], steps: Collection[Step], version: str
) -> dict[str, str]:
    """Return path and text of each file to give to kustomize.

    Args:
        top: The tree of kustomizations; its folders keep their paths.
        objects: The objects, by the folder whose kustomization lists them.
        steps: The steps to apply; others are left out.
        version: The version of Kubernetes with the merge keys.
    """
    files: dict[str, str] = {}
    if _stage(top, objects, steps, files):
        kinds = {
            (str(object_["apiVersion"]), str(object_["kind"])) for listed in objects.values() for object_ in listed
        }
        files[f"{top.folder}/{MERGE_SCHEMA}"] = merge_schema(version, kinds)
        files[f"{top.folder}/{KUSTOMIZATION}"] += to_yaml({"openapi": {"path": MERGE_SCHEMA}})
    return files


def _stage(
    kustomization: Kustomization,
    objects: Mapping[str, Sequence[Object]],
    steps: Collection[Step],
    files: dict[str, str],
) -> bool:
    """Write one kustomization, its parts and components; return False if they are empty."""
    folder = kustomization.folder
    listed = objects.get(folder, ())
    resources, components = (
        [posixpath.relpath(child.folder, folder) for child in children if _stage(child, objects, steps, files)]
        for children in (kustomization.parts, kustomization.components)
    )
    content: dict[str, Any] = {
        "resources": [OBJECTS, *resources] if listed else resources,
        "components": components,
    }
    for step in kustomization.steps:
        if step in steps:
            content.setdefault(step.field, []).append(dict(step.entry))
    if not any(content.values()):
        return False
    if listed:
        files[f"{folder}/{OBJECTS}"] = "---\n".join(to_yaml(manifest) for manifest in listed)
    header = {"apiVersion": API_VERSIONS[kustomization.kind], "kind": kustomization.kind}
    files[f"{folder}/{KUSTOMIZATION}"] = to_yaml(header | content)
    return True
