"""Parts of PromQL expressions."""

from __future__ import annotations

import json


def series(metric: str, **labels: str) -> str:
    """Return the selector of a metric's series with these labels: `up{job="polaris"}`."""
    return f"{metric}{{{','.join(f'{name}={json.dumps(value)}' for name, value in labels.items())}}}"
