"""File names that have a meaning in any folder of the inputs, and how large the files may be."""

from __future__ import annotations

import re
from typing import NamedTuple

MANIFEST = "platform-manifest.yaml"
KUSTOMIZATION = "kustomization.yaml"
SOPS_RULES = ".sops.yaml"
"""The file in which `sops` finds the keys to encrypt with, by the paths of files."""

FORMER_CACHE = ".floe_cache"
"""The folder in the repository from which the first versions read results."""

KINDS = (
    "PlatformManifest",
    "ParentManifest",
    "Environment",
    "Domain",
    "DataProduct",
    "ProductImages",
    "SemanticModel",
)
"""The kinds of documents that have a schema. A parent is a manifest that others extend, so it need not be complete."""

DEFINITIONS = "crds"
"""The folder with the definitions of custom resources that are installed by others: read, and not rendered."""

VENDOR = "vendor"
"""The folder with copies of the manifests that a manifest extends, each in a folder of its own."""

PARENT_PATH = r"^vendor/[A-Za-z0-9_]([A-Za-z0-9._-]*[A-Za-z0-9_])?$"
"""What the path of a parent looks like: that of a folder right in vendor/."""
PARENT_DIGEST = r"^sha256:[0-9a-f]{64}$"
"""What the digest of a parent looks like."""
PARENT_KEY = r"^vendor/[A-Za-z0-9_][A-Za-z0-9._-]*\.pub$"
"""What the path of a key looks like by which the signatures of a parent are verified."""

CHARTS = "vendor/charts"
"""The folder with the vendored Helm charts: `vendor/charts/<name>/<version>/`."""

CHARTS_LOCK = f"{CHARTS}/charts.lock"
"""The file that locks each of them by its digest."""

CHART_NAME = r"^[a-z0-9]([a-z0-9._-]{0,60}[a-z0-9])?$"
"""What the name of a chart looks like."""

CHART_VERSION = r"^v?\d+\.\d+\.\d+([-+][0-9A-Za-z.+-]+)?$"
"""What the version of a chart looks like."""

MOST_PARENTS = 8
"""No manifest has more parents above it: a chain that is longer repeats itself."""

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

_DOMAIN_SECRET = re.compile(r"domains/([^/]+)/secrets/([^/]+)/[^/.][^/]*\.yaml")


class SecretPlace(NamedTuple):
    """Whose an encrypted file is, and for which environment."""

    domain: str
    environment: str


def secret_place(path: str) -> SecretPlace | None:
    """Return the place of a file `domains/<domain>/secrets/<environment>/<file>.yaml`; None for any other path."""
    match = _DOMAIN_SECRET.fullmatch(path) if "/secrets/" in path else None
    return SecretPlace(*match.groups()) if match else None
