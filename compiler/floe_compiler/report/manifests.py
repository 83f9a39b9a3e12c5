"""Parses compiled files as objects, to compare them."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from floe_compiler.model.diagnostics import Findings, Rule
from floe_compiler.model.objects import Object, ObjectId, identify
from floe_compiler.model.read_texts import read_only

NO_OBJECT = Rule(
    "W008",
    "compiled file without an object",
    "A file under output/ to compare with is not a Kubernetes object in YAML; it was edited, or damaged by a merge. "
    "Compile and commit the output, or compare with another revision.",
)


class Manifests(msgspec.Struct, frozen=True):
    """Objects and their files, by identity."""

    by_id: Mapping[ObjectId, Object] = msgspec.field(default_factory=dict)
    files: Mapping[ObjectId, str] = msgspec.field(default_factory=dict)


def read_manifests(texts: Mapping[str, str], findings: Findings) -> Manifests:
    """Return the objects of these files (texts by path); a file without an object is a finding (W008)."""
    objects: dict[ObjectId, Object] = {}
    files: dict[ObjectId, str] = {}
    for path, text in texts.items():
        manifest = read_only(text)
        if isinstance(manifest, dict) and manifest.get("kind"):
            identity = identify(manifest)
            objects[identity], files[identity] = manifest, path
        else:
            findings.add(NO_OBJECT, "is not a Kubernetes object in YAML", subject=path)
    return Manifests(objects, files)
