"""Which Application or Kustomization delivers which folder, as the output of an environment itself says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from floe_compiler.model.annotations import annotation
from floe_compiler.model.nested_fields import at, mappings
from floe_compiler.model.objects import Object
from floe_compiler.model.output_paths import DELIVERY_FOLDER
from floe_compiler.model.yaml_text import from_yaml

SYNC_WAVE = "argocd.argoproj.io/sync-wave"


class Delivery(msgspec.Struct, frozen=True):
    """A folder that is delivered by itself: its path as the tool has it, the name of the object, and its rank.

    What has a lower rank is delivered first.
    """

    path: str
    name: str
    rank: int

    def delivers(self, folder: str) -> bool:
        """Return whether this is of a folder of the mesh, which may be in a folder of its Git repository."""
        return self.path == folder or self.path.endswith(f"/{folder}")


def deliveries(files: Mapping[str, str]) -> tuple[Delivery, ...]:
    """Return what the Applications and Kustomizations among some output files deliver."""
    texts = (text for path, text in files.items() if f"/{DELIVERY_FOLDER}/" in path)
    objects = [document for text in texts if isinstance(document := from_yaml(text), dict)]
    kustomizations = [document for document in objects if document.get("kind") == "Kustomization"]
    return (
        *(_application(document) for document in objects if document.get("kind") == "Application"),
        *_with_ranks(kustomizations),
    )


def _application(manifest: Object) -> Delivery:
    path = at(manifest, ("spec", "source", "path"))
    return Delivery(_plain(path), _name(manifest), int(annotation(manifest, SYNC_WAVE) or 0))


def _with_ranks(kustomizations: Iterable[Object]) -> Iterable[Delivery]:
    """Yield what Kustomizations deliver; the rank is the length of the longest chain of others that one waits for."""
    needed = {
        _name(kustomization): [str(other.get("name")) for other in mappings(kustomization, ("spec", "dependsOn"))]
        for kustomization in kustomizations
    }

    def rank(name: str, seen: tuple[str, ...] = ()) -> int:
        others = [other for other in needed.get(name, ()) if other not in seen]
        return max((1 + rank(other, (*seen, name)) for other in others), default=0)

    for kustomization in kustomizations:
        yield Delivery(_plain(at(kustomization, ("spec", "path"))), _name(kustomization), rank(_name(kustomization)))


def _name(manifest: Object) -> str:
    return str(at(manifest, ("metadata", "name")))


def _plain(path: object) -> str:
    return str(path).removeprefix("./").rstrip("/")
