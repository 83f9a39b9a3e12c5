"""Annotations that kustomize writes for itself, and what to do about a hand-written object that has some."""

from __future__ import annotations

import re
from collections.abc import Sequence

from floe_compiler.model.nested_fields import mapping
from floe_compiler.model.objects import Object

_OF_KUSTOMIZE = re.compile(r"(?:(?:internal\.)?config\.(?:kubernetes|k8s)\.io|kustomize\.config\.k8s\.io)/")
"""Source: kustomize's api/internal/utils/annotations.go and kyaml/kio/kioutil/kioutil.go."""


def own_annotations(part: Object) -> list[str]:
    """Return the annotations of an object that kustomize writes for itself."""
    return [key for key in mapping(part, ("metadata", "annotations")) if _OF_KUSTOMIZE.match(str(key))]


def fix(own: Sequence[str]) -> str:
    """Return what to do about a hand-written object that kustomize fails at or changes, given such annotations."""
    if own:
        return f"leave {' and '.join(own)} out: kustomize writes such annotations for itself"
    return "give each of its fields a value of the type that Kubernetes expects"
