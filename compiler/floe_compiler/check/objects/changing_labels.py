"""Labels that change with each version."""

from __future__ import annotations

CHANGING_LABELS = frozenset({"app.kubernetes.io/version", "helm.sh/chart"})
"""They must not be used in immutable fields: selectors and claim templates."""
