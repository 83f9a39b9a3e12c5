"""Applies base/ and overlays/<environment>/ to the objects of each unit, with kustomize."""

from floe_compiler.overlay.apply import Applied, apply_overlay
from floe_compiler.overlay.cached_results import CachedResults
from floe_compiler.overlay.dead_steps import dead_steps
from floe_compiler.overlay.deleted_fields import dead_deletions
from floe_compiler.overlay.overlay import Overlay, Written, own_folder, read_overlay
from floe_compiler.overlay.patch_problems import failures_once
from floe_compiler.overlay.units import unit_of

__all__ = [
    "Applied",
    "CachedResults",
    "Overlay",
    "Written",
    "apply_overlay",
    "dead_deletions",
    "dead_steps",
    "failures_once",
    "own_folder",
    "read_overlay",
    "unit_of",
]
