"""File names that have a meaning in any folder of the inputs."""

from __future__ import annotations

MANIFEST = "platform-manifest.yaml"
KUSTOMIZATION = "kustomization.yaml"
KUSTOMIZATION_FIELDS = (
    "apiVersion",
    "kind",
    "metadata",
    "resources",
    "components",
    "patches",
    "labels",
    "images",
    "replicas",
)
"""The fields of kustomize that a kustomization may have here."""
