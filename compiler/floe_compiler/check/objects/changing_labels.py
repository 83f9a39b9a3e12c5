"""Labels that change from version to version."""

from __future__ import annotations

CHANGING_LABELS = frozenset({"app.kubernetes.io/version", "helm.sh/chart"})
"""They must not be used in immutable fields: selectors and claim templates."""
