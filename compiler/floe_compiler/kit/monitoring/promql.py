"""Parts of PromQL expressions."""

from __future__ import annotations

import json


def series(metric: str, **labels: str) -> str:
    """Return the selector of a metric's series with these labels: `up{job="polaris"}`."""
    return f"{metric}{{{','.join(f'{name}={json.dumps(value)}' for name, value in labels.items())}}}"


def named(query: str, label: str) -> str:
    """Return the result of a query with the value of a label also in the label `product`."""
    return f'label_replace({query}, "product", "$1", "{label}", "(.+)")'


def of_status(query: str, status: str) -> str:
    """Return the result of a query with this value of the label `status`."""
    return f'label_replace({query}, "status", "{status}", "", "")'
