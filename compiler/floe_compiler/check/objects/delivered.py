"""Objects must reach the cluster as they are written, by Argo CD or Flux."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from floe_compiler.check.index import Index
from floe_compiler.model.data_paths import show_place
from floe_compiler.model.delivered_texts import ENCODE, undelivered, why_undelivered
from floe_compiler.model.diagnostics import Diagnostic, Rule
from floe_compiler.model.document import DataPath
from floe_compiler.model.objects import Object

UNDELIVERED = Rule(
    "C180",
    "object that the delivery tool would change or skip",
    "Flux builds each folder with kustomize, which fails at some control characters, drops the key `<<`, and leaves out"
    " objects with the annotation config.kubernetes.io/local-config. Argo CD skips files with the text"
    " +argocd:skip-file-rendering. Encode such text (base64), or leave it out.",
)
RULES = (UNDELIVERED,)

_LOCAL = "config.kubernetes.io/local-config"
"""Source: kubernetes-sigs/kustomize `api/konfig/general.go` (IgnoredByKustomizeAnnotation)."""

_ENCODER = msgspec.json.Encoder()


def check(index: Index) -> Iterator[Diagnostic]:
    """Yield the places in objects that the environment's delivery tool would lose, change or fail on."""
    tool = index.rendered.delivery_tool
    for identity, manifest in index.objects.items():
        text = _ENCODER.encode(manifest).decode()  # looked through twenty times faster than the object
        if why_undelivered(tool, text):
            for path, why in undelivered(tool, manifest):
                yield index.finding(UNDELIVERED, identity, f"{_shown(path, manifest)} {why}", ENCODE)
        if tool == "flux" and '"<<":' in text:
            for path in _merge_keys(manifest):
                message = f"{_shown(path, manifest)} is a key that Flux' kustomize drops"
                yield index.finding(UNDELIVERED, identity, message, "rename the key")
        if tool == "flux" and _LOCAL in text and _is_local(manifest):
            message = f"metadata.annotations[{_LOCAL}] makes Flux' kustomize leave the object out"
            yield index.finding(UNDELIVERED, identity, message, "leave the annotation out")


def _shown(path: DataPath, manifest: Object) -> str:
    """Return a path without the characters that it is about."""
    return show_place(path, manifest).encode("unicode_escape").decode()


def _is_local(manifest: Object) -> bool:
    return bool(manifest["metadata"].get("annotations", {}).get(_LOCAL, "false") != "false")


def _merge_keys(value: Any, path: DataPath = ()) -> Iterator[DataPath]:
    if isinstance(value, dict):
        for key, below in value.items():
            if key == "<<":
                yield (*path, key)
            yield from _merge_keys(below, (*path, key))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _merge_keys(item, (*path, number))
