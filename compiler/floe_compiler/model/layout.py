"""The names of files that mean something wherever inputs are written."""

from __future__ import annotations

MANIFEST = "platform-manifest.yaml"
KUSTOMIZATION = "kustomization.yaml"
