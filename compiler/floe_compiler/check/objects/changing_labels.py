"""Labels that change from version to version."""

from __future__ import annotations

CHANGING_LABELS = frozenset({"app.kubernetes.io/version", "helm.sh/chart"})
"""They must stay out of whatever Kubernetes does not let change: selectors and claim templates."""
