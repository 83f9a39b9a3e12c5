"""File names that have a meaning in any folder of the inputs, and how large the files may be."""

from __future__ import annotations

MANIFEST = "platform-manifest.yaml"
KUSTOMIZATION = "kustomization.yaml"
DEFINITIONS = "crds"
"""The folder with the definitions of custom resources that are installed by others: read, and not rendered."""

AUTHORITIES = "trust"
"""The folder with the certificates of authorities that environments trust."""

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

MOST_BYTES = 5_000_000
"""Authored files are far smaller; a larger one is misplaced."""
