"""Compiled files read back as objects, to compare them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from floe_compiler.model.diagnostics import Findings, Rule
from floe_compiler.model.objects import Object, ObjectId, ObjectSet, identify

NO_OBJECT = Rule(
    "W008",
    "compiled file that holds no object",
    "A file under output/ to compare with is not one Kubernetes object in YAML; somebody or a merge has spoilt it. "
    "Compile and commit the output, or compare with another revision.",
)


def read_manifests(texts: Mapping[str, str], findings: Findings) -> ObjectSet:
    """Return the objects of some files, by path; a file that holds none is a finding (W008)."""
    found: dict[ObjectId, Object] = {}
    for path, text in texts.items():
        manifest = _load(text)
        if isinstance(manifest, dict) and manifest.get("kind"):
            found[identify(manifest)] = manifest
        else:
            findings.add(NO_OBJECT, "is not a Kubernetes object in YAML", subject=path)
    return ObjectSet(dict(sorted(found.items())))


def _load(text: str) -> Any:
    import yaml  # of the libraries at hand the fastest by far, and our own output means the same in all of them

    try:
        return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 -- both are safe
    except yaml.YAMLError:
        return None
