"""ObjectSet -> ObjectSet: base/ and overlays/<environment>/ applied by kustomize."""

from floe_compiler.overlay.apply import apply_overlay

__all__ = ["apply_overlay"]
