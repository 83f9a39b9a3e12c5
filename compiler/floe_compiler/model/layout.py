"""File names that have a meaning in any folder of the inputs."""

from __future__ import annotations

MANIFEST = "platform-manifest.yaml"
KUSTOMIZATION = "kustomization.yaml"
