"""What becomes of an object in the cluster when it is no longer in the output.

Only a tool that prunes deletes it. Sources: argo-cd.readthedocs.io/en/stable/user-guide/auto_sync (automatic pruning),
.../user-guide/sync-options (Prune=false), and `spec.prune` in fluxcd.io/flux/components/kustomize/kustomizations.
"""

from __future__ import annotations

from functools import cached_property

import msgspec

from floe_compiler.model.nested_fields import at, mapping
from floe_compiler.model.objects import Object
from floe_compiler.report.dangers.danger import AllObjects, WhyKept

_TOOLS = {"Application": "Argo CD", "Kustomization": "Flux"}


class Delivered(msgspec.Struct, frozen=True):
    """A folder that is applied: the path in the repository, the tool, and whether it prunes."""

    path: str
    tool: str
    prunes: bool


class Deletions:
    """What the delivery of an environment does with objects that are no longer in its output."""

    def __init__(self, all_objects: AllObjects) -> None:
        self._all_objects = all_objects

    def why_kept(self, folder: str, manifest: Object) -> WhyKept | None:
        """Return why an object of an earlier output stays in the cluster; None if the tool deletes it.

        Args:
            folder: the folder of its file, from the root of the mesh.
            manifest: the object.
        """
        delivered = next((delivery for delivery in self._delivered if _leads_to(delivery.path, folder)), None)
        if delivered is None:
            return WhyKept("no Application or Kustomization applies its folder", applied=False)
        if not delivered.prunes:
            return WhyKept(f"{delivered.tool} does not prune here")
        if _is_protected(delivered.tool, manifest):
            return WhyKept(f"an annotation keeps {delivered.tool} from deleting it")
        return None

    @cached_property
    def _delivered(self) -> list[Delivered]:
        return [_delivered(kind, manifest) for kind in _TOOLS for manifest in self._all_objects.of_kind(kind)]


def _delivered(kind: str, manifest: Object) -> Delivered:
    if kind == "Application":
        path, automated = at(manifest, ("spec", "source", "path")), ("spec", "syncPolicy", "automated")
        policy = mapping(manifest, automated)
        prunes = policy.get("prune") is True and policy.get("enabled") is not False
    else:
        path, prunes = at(manifest, ("spec", "path")), at(manifest, ("spec", "prune")) is True
    return Delivered(str(path).removeprefix("./").rstrip("/"), _TOOLS[kind], prunes)


def _leads_to(path: str, folder: str) -> bool:
    """Return whether a path is that of a folder; the mesh may be in a folder of its Git repository."""
    return path == folder or path.endswith(f"/{folder}")


def _is_protected(tool: str, manifest: Object) -> bool:
    annotations = mapping(manifest, ("metadata", "annotations"))
    if tool == "Flux":
        return annotations.get("kustomize.toolkit.fluxcd.io/prune") == "disabled"
    options = str(annotations.get("argocd.argoproj.io/sync-options", "")).split(",")
    return any(option.strip() in ("Prune=false", "Prune=confirm") for option in options)
