"""File names with a meaning anywhere among the inputs."""

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
