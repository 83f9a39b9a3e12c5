"""Compiled files parsed as objects, for comparison."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from floe_compiler.model.diagnostics import Findings, Rule
from floe_compiler.model.objects import Object, ObjectId, identify
from floe_compiler.model.yaml_text import from_yaml

NO_OBJECT = Rule(
    "W008",
    "compiled file without an object",
    "A file under output/ to compare with is not one Kubernetes object in YAML; somebody or a merge has spoilt it. "
    "Compile and commit the output, or compare with another revision.",
)


@dataclass(frozen=True, slots=True)
class Manifests:
    """Objects by identity, and the file of each."""

    by_id: Mapping[ObjectId, Object] = field(default_factory=dict)
    files: Mapping[ObjectId, str] = field(default_factory=dict)


def read_manifests(texts: Mapping[str, str], findings: Findings) -> Manifests:
    """Return the objects of some files, given by path; a file without an object is a finding (W008)."""
    found: dict[ObjectId, Object] = {}
    files: dict[ObjectId, str] = {}
    for path, text in texts.items():
        manifest = from_yaml(text)
        if isinstance(manifest, dict) and manifest.get("kind"):
            identity = identify(manifest)
            found[identity], files[identity] = manifest, path
        else:
            findings.add(NO_OBJECT, "is not a Kubernetes object in YAML", subject=path)
    return Manifests(found, files)
